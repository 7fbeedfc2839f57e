/** What the README and the page about patterns show is what the built command answers; `npm test` builds it first. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const text = readFileSync(join(root, 'README.md'), 'utf8')

const home = mkdtempSync(join(tmpdir(), 'delegraph-readme-'))
afterAll(() => rmSync(home, { recursive: true }))

function answer(query: string) {
  const printed = execFileSync(
    process.execPath,
    [join(root, 'dist/cli.js'), 'query', query, '--db', join(home, 'store.duckdb')],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: join(home, 'data') },
    },
  )
  return JSON.parse(printed)
}

describe('the README', () => {
  const examples = [...text.matchAll(/```graphql\n([\s\S]*?)```\n```json\n([\s\S]*?)```/g)]

  it('shows at least three queries with their answers', () => {
    expect(examples.length).toBeGreaterThanOrEqual(3)
  })

  for (const [, query = '', shown = ''] of examples) {
    it(`shows what the bundled recordings answer: ${query.replaceAll(/\s+/g, ' ').slice(0, 60)}`, () => {
      expect(answer(query)).toEqual({ data: JSON.parse(shown) })
    })
  }

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path)
    expect(links.length).toBeGreaterThan(3)
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})

describe('the page about patterns', () => {
  const page = readFileSync(join(root, 'docs/patterns.md'), 'utf8')

  it('says how many matches each example has', () => {
    const examples = [...page.matchAll(/^\| `(.+)` \| (\d+) \|/gm)]
    expect(examples.length).toBeGreaterThan(5)
    const [tree] = /ses_\w+/.exec(text) ?? []
    const asked = examples.map(
      ([, pattern], index) =>
        `m${index}: searchPattern(pattern: ${JSON.stringify(pattern)}, filter: { ids: ["${tree}"] }) { totalCount }`,
    )
    expect(answer(`{ ${asked.join(' ')} }`)).toEqual({
      data: Object.fromEntries(examples.map(([, , count], index) => [`m${index}`, { totalCount: Number(count) }])),
    })
  })

  it('writes every condition as it is understood', () => {
    const conditions = [...page.matchAll(/`\[(.+?)\]`/g)].map(([, condition = '']) => condition.replace('…', '"x"'))
    expect(conditions.length).toBeGreaterThan(8)
    const asked = conditions.map(
      (condition, index) => `v${index}: validatePattern(pattern: ${JSON.stringify(`*[${condition}]`)}) { valid }`,
    )
    expect(answer(`{ ${asked.join(' ')} }`)).toEqual({
      data: Object.fromEntries(conditions.map((_, index) => [`v${index}`, { valid: true }])),
    })
  })
})
