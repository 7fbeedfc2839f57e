/** Simulates a full disk by a limit on file size. Needs `dist/`, which `npm test` builds first. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe.skipIf(process.platform === 'win32')('a full disk', () => {
  const home = mkdtempSync(join(tmpdir(), 'delegraph-full-'))
  afterAll(() => rmSync(home, { recursive: true }))
  const source = join(home, 'source')
  cpSync(join(root, 'fixtures/opencode/1.1.65/nested/data'), source, { recursive: true })

  /** @param blocks maximum file size, in bash's blocks of 1024 bytes */
  function run(args: readonly string[], blocks: number | null = null) {
    const limit = blocks === null ? '' : `trap '' XFSZ; ulimit -f ${blocks};`
    return spawnSync(
      'bash',
      ['-c', `${limit} exec "$@"`, 'bash', process.execPath, join(root, 'dist/cli.js'), ...args],
      {
        env: { PATH: process.env.PATH, HOME: home },
        encoding: 'utf8',
      },
    )
  }

  it('is said with what to do, and costs nothing of what can be read later', () => {
    const codes = [16, 256, 600].map((blocks) => {
      const db = join(home, `${blocks}.duckdb`)
      const { status, stderr, stdout } = run(['ingest', '--source', source, '--db', db], blocks)
      if (status !== 0) expect(stderr + stdout).toMatch(/can't be used: .*Check the free space/)
      const { stdout: later } = run([
        'query',
        '{ sessions { totalCount } traces { totalCount } }',
        '--source',
        source,
        '--db',
        db,
      ])
      expect(JSON.parse(later).data).toEqual({ sessions: { totalCount: 1 }, traces: { totalCount: 4 } })
      return status
    })
    expect(codes).toContain(3)
  })

  it('is not taken for damage at the next start, which would leave one more copy on it each time', () => {
    const db = join(home, 'again.duckdb')
    expect(run(['ingest', '--source', source, '--db', db], 600).status).toBe(0)
    const { status, stderr } = run(['ingest', '--source', source, '--db', db], 600)
    expect(stderr).toMatch(/again\.duckdb can't be used: .*Check the free space/)
    expect(status).toBe(3)
    expect(readdirSync(home).filter((name) => name.includes('damaged'))).toEqual([])
    const { stdout } = run(['query', '--no-ingest', '{ traces { totalCount } }', '--db', db])
    expect(JSON.parse(stdout).data).toEqual({ traces: { totalCount: 4 } })
  })
})
