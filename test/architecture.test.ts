/** Data flows one way, from OpenCode's files to the API. These tables say who may import whom; the tests check it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync, Visitor } from 'oxc-parser'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A file of `src` belongs to the first part whose pattern matches, and may import from that part and those listed. */
const PARTS: readonly { name: string; files: RegExp; mayImport: readonly string[] }[] = [
  { name: 'words', files: /^src\/(records|errors|config|group|letters|pace)\.ts$/, mayImport: [] },
  { name: 'package', files: /^src\/(package|vite\.config)\.ts$/, mayImport: [] },
  { name: 'disk', files: /^src\/(files|scratch)\.ts$/, mayImport: [] },
  { name: 'trace', files: /^src\/trace\//, mayImport: ['words'] },
  { name: 'pattern', files: /^src\/pattern\//, mayImport: ['words'] },
  { name: 'search', files: /^src\/search\//, mayImport: ['words'] },
  { name: 'store interface', files: /^src\/store\/store\.ts$/, mayImport: ['words'] },
  { name: 'packing', files: /^src\/store\/packing\//, mayImport: ['words', 'store interface'] },
  {
    name: 'store',
    files: /^src\/store\/duckdb\//,
    mayImport: ['words', 'disk', 'pattern', 'search', 'store interface', 'packing'],
  },
  {
    name: 'ingest',
    files: /^src\/ingest\//,
    mayImport: ['words', 'package', 'disk', 'trace', 'store interface', 'packing'],
  },
  { name: 'resolvers', files: /^src\/resolvers\//, mayImport: ['words', 'pattern', 'store interface'] },
  { name: 'schema', files: /^src\/schema\//, mayImport: ['words', 'store interface', 'resolvers'] },
  {
    name: 'server',
    files: /^src\/(server\.ts$|server\/)/,
    mayImport: ['words', 'store interface', 'resolvers', 'schema', 'ingest'],
  },
  { name: 'live', files: /^src\/live\//, mayImport: ['words', 'store interface', 'resolvers'] },
  { name: 'terminal', files: /^src\/terminal\.ts$/, mayImport: ['words', 'store interface', 'resolvers'] },
  {
    name: 'command',
    files: /^src\/(cli\.ts$|cli\/)/,
    mayImport: [
      'words',
      'package',
      'disk',
      'store interface',
      'store',
      'ingest',
      'resolvers',
      'schema',
      'server',
      'live',
      'terminal',
    ],
  },
]

/** Packages that only these parts may import. */
const ONLY_IN: readonly { package: RegExp; parts: readonly string[] }[] = [
  { package: /^@duckdb\//, parts: ['store'] },
  { package: /^libsql$/, parts: ['ingest'] },
  { package: /^pino$/, parts: ['command'] },
  { package: /^prom-client$/, parts: ['server'] },
  { package: /^diff$/, parts: ['resolvers'] },
  { package: /^@pothos\//, parts: ['schema'] },
  { package: /^graphql$/, parts: ['schema', 'server', 'command'] },
  { package: /^(graphql-yoga|graphql-jit|@graphql-yoga\/.*|@envelop\/.*)$/, parts: ['server', 'command'] },
]

/** Parts that only compute: no files, network, processes, clock or randomness. */
const PURE = ['trace', 'pattern', 'search']
const PURE_BUILTINS = ['crypto', 'assert', 'util', 'buffer']

interface SourceFile {
  path: string
  part: string | undefined
  /** Files of this repository, as paths from its root. */
  imports: string[]
  /** Those that are loaded at run time: without type-only imports. */
  loads: string[]
  packages: string[]
  builtins: string[]
  /** Lines that read the environment. */
  environment: number[]
  /** Lines that use the clock or randomness. */
  impure: number[]
}

describe('the architecture', () => {
  const files = listFiles('src').map(parse)

  it('reads every import, however it is written', () => {
    const code = `
      import a from './a.ts'
      import type { B } from './b.ts'
      export * from './c.ts'
      export { d } from './d.ts'
      type E = import('./e.ts').E
      const f = await import('./f.ts')
      const g = new Worker(new URL('./g.ts', import.meta.url))
      const h = require('./h.cjs')
      import 'node:fs'
      import { z } from 'zod/mini'
      const now = Date.now() + new Date().getTime() + performance.now() + Math.random(), then = new Date(0)
      const env = process.env.HOME ?? process['env'].HOME
    `
    const file = parseText('src/trace/x.ts', code)
    expect(file.imports.map((path) => path.replace('src/trace/', ''))).toEqual([
      'a.ts',
      'b.ts',
      'c.ts',
      'd.ts',
      'e.ts',
      'f.ts',
      'g.ts',
      'h.cjs',
    ])
    expect(file.imports.filter((path) => !file.loads.includes(path))).toEqual(['src/trace/b.ts', 'src/trace/e.ts'])
    expect([file.packages, file.builtins]).toEqual([['zod'], ['fs']])
    expect([file.impure.length, file.environment.length]).toEqual([4, 2])
  })

  it('has a part for every file', () => {
    expect(files.length).toBeGreaterThan(0)
    expect(files.filter((file) => !file.part).map((file) => file.path)).toEqual([])
  })

  for (const part of PARTS) {
    it(`${part.name} imports ${part.mayImport.length ? `only ${part.mayImport.join(', ')}` : 'nothing of ours'}`, () => {
      const wrong = files
        .filter((file) => file.part === part.name)
        .flatMap((file) => file.imports.map((path) => ({ from: file.path, path, to: partOf(path) })))
        .filter(({ to }) => to !== part.name && !part.mayImport.includes(to ?? ''))
      expect(wrong.map(({ from, path }) => `${from} imports ${path}`)).toEqual([])
    })
  }

  for (const rule of ONLY_IN) {
    it(`${rule.package.source} is imported by ${rule.parts.join(', ')} only`, () => {
      const wrong = files.filter(
        (file) => !rule.parts.includes(file.part ?? '') && file.packages.some((name) => rule.package.test(name)),
      )
      expect(wrong.map((file) => file.path)).toEqual([])
    })
  }

  it('reads the environment in src/config.ts alone', () => {
    const wrong = files.filter((file) => file.path !== 'src/config.ts' && file.environment.length > 0)
    expect(wrong.map((file) => `${file.path}:${file.environment}`)).toEqual([])
  })

  it('keeps trees and patterns free of I/O, clock and chance', () => {
    const pure = files.filter((file) => PURE.includes(file.part ?? ''))
    const builtins = pure.filter((file) => file.builtins.some((name) => !PURE_BUILTINS.includes(name)))
    expect(builtins.map((file) => `${file.path} imports ${file.builtins}`)).toEqual([])
    expect(pure.filter((file) => file.impure.length > 0).map((file) => `${file.path}:${file.impure}`)).toEqual([])
  })

  it('has no cycle of files that load each other', () => {
    expect(cycleIn(new Map(files.map((file) => [file.path, file.loads])))).toEqual([])
  })

  it('lets the dashboard speak to the API through the published client alone', () => {
    const files = listFiles('dashboard').map(parse)
    expect(files.length).toBeGreaterThan(0)
    const reaching = files.filter((file) => file.imports.some((path) => /^(src|client|test)\//.test(path)))
    expect(reaching.map((file) => file.path)).toEqual([])
    const fetching = files.filter((file) =>
      /\b(fetch|XMLHttpRequest|EventSource|WebSocket|sendBeacon)\b\(/.test(textOf(file.path)),
    )
    expect(fetching.map((file) => file.path)).toEqual([])
  })

  it('keeps the client apart from the server', () => {
    const reaching = listFiles('client')
      .map(parse)
      .filter((file) => file.imports.some((path) => !path.startsWith('client/')) || file.builtins.length > 0)
    expect(reaching.map((file) => file.path)).toEqual([])
  })
})

// ---------------------------------------------------------------- parsing the files

function listFiles(directory: string): string[] {
  if (!existsSync(join(root, directory))) return []
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .map((name) => `${directory}/${name.replaceAll(sep, '/')}`)
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'))
    .sort()
}

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

function parse(path: string): SourceFile {
  return parseText(path, textOf(path))
}

function parseText(path: string, code: string): SourceFile {
  const { program, errors } = parseSync(path, code)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const specifiers: { specifier: string; typeOnly: boolean }[] = []
  const file: SourceFile = {
    path,
    part: partOf(path),
    imports: [],
    loads: [],
    packages: [],
    builtins: [],
    environment: [],
    impure: [],
  }
  const lineOf = (offset: number) => code.slice(0, offset).split('\n').length
  const add = (node: { type: string; value?: unknown } | null | undefined, kind: 'type' | 'value' = 'value') => {
    if (node?.type !== 'Literal' || typeof node.value !== 'string') return
    specifiers.push({ specifier: node.value, typeOnly: kind === 'type' })
  }
  const named = (node: { type: string; name?: unknown }, name: string) =>
    node.type === 'Identifier' && node.name === name
  new Visitor({
    ImportDeclaration: (node) => add(node.source, node.importKind),
    ExportAllDeclaration: (node) => add(node.source, node.exportKind),
    ExportNamedDeclaration: (node) => add(node.source, node.exportKind),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source, 'type'),
    CallExpression: (node) => {
      if (named(node.callee, 'require')) add(node.arguments[0])
    },
    NewExpression: (node) => {
      // The URL of a worker refers to code; other URLs refer to data.
      const [first] = node.arguments
      if (
        named(node.callee, 'URL') &&
        first?.type === 'Literal' &&
        /^\.{1,2}\/.*\.[cm]?[jt]s$/.test(String(first.value))
      ) {
        add(first)
      }
      if (named(node.callee, 'Date') && node.arguments.length === 0) file.impure.push(lineOf(node.start))
    },
    MemberExpression: (node) => {
      const { property } = node
      const key = property.type === 'Identifier' ? property.name : property.type === 'Literal' ? property.value : ''
      if (named(node.object, 'process') && key === 'env') file.environment.push(lineOf(node.start))
      const dice = [
        ['Date', 'now'],
        ['performance', 'now'],
        ['Math', 'random'],
      ]
      if (dice.some(([object, name]) => named(node.object, object ?? '') && key === name))
        file.impure.push(lineOf(node.start))
    },
  }).visit(program)
  for (const { specifier, typeOnly } of specifiers) {
    if (specifier.startsWith('.')) {
      const imported = relative(root, join(root, dirname(path), specifier)).replaceAll(sep, '/')
      file.imports.push(imported)
      if (!typeOnly) file.loads.push(imported)
    } else if (specifier.startsWith('node:') || builtinModules.includes(specifier)) {
      file.builtins.push(specifier.replace(/^node:/, ''))
    } else {
      file.packages.push(
        specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/'),
      )
    }
  }
  return file
}

function partOf(path: string): string | undefined {
  return PARTS.find((part) => part.files.test(path))?.name
}

/** The first import cycle found, as a list of files; empty if there is none. */
function cycleIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  for (const start of graph.keys()) {
    const path: string[] = []
    const stack = [{ file: start, next: 0 }]
    while (stack.length > 0) {
      const top = stack[stack.length - 1]
      if (!top) break
      if (top.next === 0) {
        if (done.has(top.file)) {
          stack.pop()
          continue
        }
        if (path.includes(top.file)) return [...path.slice(path.indexOf(top.file)), top.file]
        path.push(top.file)
      }
      const child = graph.get(top.file)?.[top.next++]
      if (child !== undefined) stack.push({ file: child, next: 0 })
      else {
        done.add(top.file)
        path.pop()
        stack.pop()
      }
    }
  }
  return []
}
