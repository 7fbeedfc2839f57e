/**
 * The package as npm would publish it, unpacked into a directory with nothing but its dependencies. Needs `dist/`,
 * which `npm test` builds first.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = z
  .object({
    version: z.string(),
    bin: z.record(z.string(), z.string()),
    dependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))

describe('the package', () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'delegraph-package-'))
  const installed = join(elsewhere, 'node_modules/delegraph')
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, {
      cwd: elsewhere,
      encoding: 'utf8',
      // A home directory without OpenCode's data.
      env: { PATH: process.env.PATH, HOME: elsewhere, XDG_DATA_HOME: join(elsewhere, 'data') },
    })
  const delegraph = (...args: string[]) =>
    run(process.execPath, join(installed, manifest.bin.delegraph ?? 'no bin'), ...args)
  /** The compiler's errors; empty if there are none. */
  const compile = (file: string, ...more: string[]) => {
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,dom']
    try {
      return run(
        process.execPath,
        join(root, 'node_modules/typescript/bin/tsc'),
        ...options,
        '--types',
        '',
        ...more,
        file,
      )
    } catch (error) {
      return String(Object(error).stdout)
    }
  }
  let files: string[] = []

  beforeAll(() => {
    const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', elsewhere], {
      cwd: root,
      encoding: 'utf8',
    })
    const [pack] = z
      .tuple([z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })])
      .parse(JSON.parse(packed))
    files = pack.files.map((file) => file.path)
    mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['-xzf', join(elsewhere, pack.filename), '-C', installed, '--strip-components=1'])
    for (const name of Object.keys(manifest.dependencies)) {
      const link = join(elsewhere, 'node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(join(root, 'node_modules', name), link, 'dir')
    }
  })
  afterAll(() => rmSync(elsewhere, { recursive: true }))

  it('holds what runs, what describes it and the recordings of the demo, and no source or test', () => {
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'schema.graphql']))
    expect(files).toEqual(expect.arrayContaining(['dist/cli.js', 'dist/client/index.js', 'dist/client/index.d.ts']))
    expect(files).toContain('dist/dashboard/index.html')
    const page = readFileSync(join(root, 'dist/dashboard/index.html'), 'utf8')
    const assets = [...page.matchAll(/(?:src|href)="[^"]*(assets\/[^"]+)"/g)].map(
      ([, path]) => `dist/dashboard/${path}`,
    )
    expect(assets.length).toBeGreaterThan(1)
    expect(files).toEqual(expect.arrayContaining(assets))
    expect(files).toContain('fixtures/opencode/1.18.34/nested/data/opencode.db')
    expect(
      files.filter((path) => /^(src|test|bench|examples|dashboard)\//.test(path) || path.includes('expected.json')),
    ).toEqual([])
  })

  it('has a command that says its version', () => {
    expect(delegraph('--version').trim()).toBe(manifest.version)
    expect(readFileSync(join(installed, manifest.bin.delegraph ?? ''), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  it('answers from its own recordings where there is no OpenCode', () => {
    const answer = delegraph(
      'query',
      '{ sessions(filter: { agents: ["coordinateur"] }) { totalCount } }',
      '--db',
      ':memory:',
    )
    expect(JSON.parse(answer)).toMatchObject({ data: { sessions: { totalCount: expect.any(Number) } } })
    expect(JSON.parse(answer).data.sessions.totalCount).toBeGreaterThan(10)
  })

  it('exports the typed client, which runs and has types', () => {
    const names = run(
      process.execPath,
      '--input-type=module',
      '-e',
      "console.log(Object.keys(await import('delegraph/client')).join())",
    )
    expect(names.trim().split(',').length).toBeGreaterThan(1)
    writeFileSync(
      join(elsewhere, 'consumer.ts'),
      "import * as client from 'delegraph/client'\nexport const names: string[] = Object.keys(client)\n",
    )
    expect(compile('consumer.ts')).toBe('')
  })

  it('gives a bundler the documents that are asked for, and no others', async () => {
    const entry = join(elsewhere, 'bundled.js')
    writeFileSync(
      entry,
      "import { IngestDocument, request } from 'delegraph/client'\nexport const ask = (url) => request(IngestDocument, {}, { url })\n",
    )
    const outDir = join(elsewhere, 'bundle')
    await build({
      root: elsewhere,
      configFile: false,
      logLevel: 'warn',
      build: { lib: { entry, formats: ['es'], fileName: () => 'bundle.js' }, outDir },
    })
    const bundle = readFileSync(join(outDir, 'bundle.js'), 'utf8')
    expect(bundle).toContain('query Ingest ')
    expect(bundle).not.toContain('query Sessions')
    expect(bundle).not.toContain('subscription Changes')
  })

  it('takes variables that its operations have, and no misspelt one', () => {
    writeFileSync(
      join(elsewhere, 'variables.ts'),
      `import { ChangesDocument, request, SessionsDocument, subscribe } from 'delegraph/client'
export const right = (url: string, token: string | undefined, signal: AbortSignal | undefined) => [
  request(SessionsDocument, { first: 5, orderBy: { field: 'COST' } }, { url, token, signal }),
  subscribe(ChangesDocument, { sessionId: null }, { url, token, signal, onLost: undefined }),
]
export const wrong = (url: string) => [
  // @ts-expect-error
  request(SessionsDocument, { first: 5, ordrBy: { field: 'COST' } }, { url }),
  // @ts-expect-error
  request(SessionsDocument, { filter: { agents: ['tester'], stauts: ['ERROR'] } }, { url }),
  // @ts-expect-error
  subscribe(ChangesDocument, { after: null, sessionID: 'ses_a' }, { url }),
]
`,
    )
    expect(compile('variables.ts', '--exactOptionalPropertyTypes')).toBe('')
  })

  it('takes queries of one’s own that are text, and none that is parsed', () => {
    writeFileSync(
      join(elsewhere, 'documents.ts'),
      `import { request, type TypedDocument } from 'delegraph/client'
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
type Counted = { sessions: { totalCount: number } }
const own: TypedDocument<Counted, { first?: number }> = 'query($first: Int) { sessions(first: $first) { totalCount } }'
export const right = (url: string): Promise<Counted>[] => [
  request(own, { first: 1 }, { url }),
  request<Counted, object>('{ sessions { totalCount } }', {}, { url }),
]
declare const parsed: TypedDocumentNode<Counted, object>
// @ts-expect-error
export const wrong = (url: string) => request(parsed, {}, { url })
`,
    )
    expect(compile('documents.ts')).toBe('')
  })

  it('can be asked for its schema by name', () => {
    expect(
      run(process.execPath, '-p', "require('fs').readFileSync(require.resolve('delegraph/schema.graphql'), 'utf8')"),
    ).toContain('type Query {')
  })
})
