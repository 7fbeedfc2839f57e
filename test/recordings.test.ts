import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { listRecordings } from './recordings.ts'

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))
const recordings = listRecordings([join(fixtures, 'opencode')])

describe('the recordings', () => {
  it('hold every storage layout of OpenCode', () => {
    const versions = [...new Set(recordings.map((recording) => recording.version))].sort()
    expect(versions).toEqual(['0.5.29', '1.0.185', '1.1.65', '1.18.34', '1.2.27'])
  })

  it('hold all scenarios of the newest version with files and the newest with a database', () => {
    const count = (version: string) => recordings.filter((recording) => recording.version === version).length
    expect([count('1.1.65'), count('1.18.34')]).toEqual([51, 61])
  })

  it('come with OpenCode’s data and say of themselves what they are', () => {
    for (const { name, data, version, scenario, expected } of recordings) {
      expect(existsSync(data), name).toBe(true)
      expect([expected.provenance.opencode, expected.provenance.scenario], name).toEqual([version, scenario])
    }
  })

  it('are all that a test calls by name: those beside the checkout may not be there', () => {
    const tests = fileURLToPath(new URL('.', import.meta.url))
    const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((path) => /\.tsx?$/.test(path))
    const named = files.flatMap((path) =>
      [...readFileSync(join(tests, path), 'utf8').matchAll(/['`](\d+\.\d+\.\d+\/[\w-]+)/g)].map(([, name]) => name),
    )
    expect(named.length).toBeGreaterThan(20)
    expect(recordings.map(({ name }) => name)).toEqual(expect.arrayContaining(named))
  })

  it('kept the write-ahead log of a process that was killed', () => {
    const killed = recordings.find((recording) => recording.name === '1.18.34/killed-wal')
    expect(readFileSync(join(killed?.data ?? '', 'opencode.db-wal')).length).toBeGreaterThan(1_000_000)
  })
})

describe('the demo', () => {
  const { sources } = z
    .object({ sources: z.array(z.string()) })
    .parse(JSON.parse(readFileSync(join(fixtures, 'demo.json'), 'utf8')))

  it('names recordings that exist', () => {
    const known = recordings.map((recording) => `opencode/${recording.name}/data`)
    for (const source of sources) expect(known).toContain(source)
  })

  it('is shipped in the package, every recording of it', () => {
    const { files } = z
      .object({ files: z.array(z.string()) })
      .parse(JSON.parse(readFileSync(join(fixtures, '../package.json'), 'utf8')))
    for (const source of sources) expect(files).toContain(`fixtures/${source}`)
    expect(files).toContain('fixtures/demo.json')
  })
})
