/** Output that cannot be delivered. Needs `dist/`, which `npm test` builds first. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const FULL = '/dev/full'

describe.skipIf(!existsSync(FULL))(`output that cannot be written (needs ${FULL})`, () => {
  const home = mkdtempSync(join(tmpdir(), 'delegraph-lost-'))
  afterAll(() => rmSync(home, { recursive: true }))
  const source = join(home, 'source')
  const db = join(home, 'delegraph.duckdb')
  cpSync(join(root, 'fixtures/opencode/1.18.34/nested/data'), source, { recursive: true })
  const query = ['query', '{ sessions { totalCount } }', '--source', source, '--db', db]

  /** @param end the end of the shell command, which redirects the output */
  const run = (args: readonly string[], end: string) =>
    spawnSync(
      'bash',
      ['-c', `"$@" ${end}; exit \${PIPESTATUS[0]}`, 'bash', process.execPath, join(root, 'dist/cli.js'), ...args],
      { env: { PATH: process.env.PATH, HOME: home }, encoding: 'utf8' },
    )

  it('is said in a line, with exit code 3, and costs nothing that was read', () => {
    for (const args of [['schema'], query, ['ingest', '--source', source, '--db', db]]) {
      expect(run(args, `> ${FULL}`)).toMatchObject({
        status: 3,
        stderr: expect.stringMatching(/^Cannot write the output: .*ENOSPC.*\n$/),
      })
    }
    const { status, stdout } = run(query, '')
    expect([status, JSON.parse(stdout)]).toEqual([0, { data: { sessions: { totalCount: 1 } } }])
  })

  it('is said also where a file has room for a part of it', () => {
    const file = join(home, 'schema.graphql')
    const args = ['-c', `trap '' XFSZ; ulimit -f 8; exec "$@" > ${file}`, 'bash', process.execPath]
    const { status, stderr } = spawnSync('bash', [...args, join(root, 'dist/cli.js'), 'schema'], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([3, expect.stringMatching(/^Cannot write the output: .*EFBIG.*\n$/)])
  })

  it('since its reader has gone ends the command quietly', () => {
    expect(run(['schema'], '| head -1')).toMatchObject({ status: 0, stderr: '' })
    expect(run(query, '| true')).toMatchObject({ status: 0, stderr: '' })
  })

  it('that is a word to a person costs nothing else', () => {
    const { status, stdout } = run(['query', '{ ingest { demo } }'], `2> ${FULL}`)
    expect([status, JSON.parse(stdout)]).toEqual([0, { data: { ingest: { demo: true } } }])
  })
})
