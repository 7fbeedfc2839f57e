/** What the README shows is what the built command answers; `npm test` builds it first. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const text = readFileSync(join(root, 'README.md'), 'utf8')

describe('the README', () => {
  const home = mkdtempSync(join(tmpdir(), 'delegraph-readme-'))
  afterAll(() => rmSync(home, { recursive: true }))
  const examples = [...text.matchAll(/```graphql\n([\s\S]*?)```\n```json\n([\s\S]*?)```/g)]

  it('shows at least three queries with their answers', () => {
    expect(examples.length).toBeGreaterThanOrEqual(3)
  })

  for (const [, query = '', answer = ''] of examples) {
    it(`shows what the bundled recordings answer: ${query.replaceAll(/\s+/g, ' ').slice(0, 60)}`, () => {
      const printed = execFileSync(
        process.execPath,
        [join(root, 'dist/cli.js'), 'query', query, '--db', join(home, 'store.duckdb')],
        {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
          env: { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: join(home, 'data') },
        },
      )
      expect(JSON.parse(printed)).toEqual({ data: JSON.parse(answer) })
    })
  }

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path)
    expect(links.length).toBeGreaterThan(3)
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})
