import { describe, expect, it } from 'vitest'
import { createReading, type ReadingOptions } from '../../src/cli/reading.ts'

const store = {
  loadSources: async () => [
    {
      source: { id: 'OPENCODE_JSON:/a', kind: 'OPENCODE_JSON' as const, path: '/a' },
      fingerprint: null,
      sessions: 3,
      files: 40,
      bytes: 5000,
      readAtMs: 1,
    },
  ],
  loadRejections: async () => [
    { sourceId: 'OPENCODE_JSON:/a', path: '/a/1.json', reason: 'empty', atMs: 1 },
    { sourceId: 'OPENCODE_JSON:/a', path: '/a/2.json', reason: 'empty', atMs: 2 },
  ],
}

/** A reading whose runs end only when the test says so. */
function held(changes: Partial<ReadingOptions> = {}) {
  const runs: { finish: () => void; fail: (error: Error) => void }[] = []
  const errors: unknown[] = []
  const read = () => new Promise<void>((finish, fail) => void runs.push({ finish, fail }))
  const reading = createReading({
    store,
    read,
    about: () => ({ demo: false, message: null }),
    onError: (error) => errors.push(error),
    ...changes,
  })
  return { reading, runs, errors }
}

describe('a reading', () => {
  it('is idle, running, ready', async () => {
    const { reading, runs } = held({ now: () => 1000 + runs.length })
    expect(reading.report()).toMatchObject({ status: 'IDLE', startedAtMs: null, finishedAtMs: null })
    const done = reading.readNow()
    expect(reading.isReady()).toBe(false)
    expect(reading.report()).toMatchObject({ status: 'RUNNING', startedAtMs: 1000, durationMs: null })
    runs[0]?.finish()
    await done
    expect(reading.isReady()).toBe(true)
    const report = reading.report()
    expect(report).toMatchObject({ status: 'IDLE', durationMs: 1 })
    expect(await report.findings()).toEqual({
      sources: [{ sourceId: 'OPENCODE_JSON:/a', sessions: 3, files: 40, bytes: 5000, rejected: 2 }],
      rejected: [
        { path: '/a/2.json', reason: 'empty', atMs: 2 },
        { path: '/a/1.json', reason: 'empty', atMs: 1 },
      ],
    })
  })

  it('that reads nothing is ready, and never says that it has read', async () => {
    const { reading } = held({ read: null })
    await reading.readNow()
    expect(reading.isReady()).toBe(true)
    expect(await reading.ingestNow()).toMatchObject({
      status: 'IDLE',
      startedAtMs: null,
      finishedAtMs: null,
      durationMs: null,
    })
  })

  it('asked for while one is under way comes once more after it, for all who asked', async () => {
    const { reading, runs } = held()
    const first = reading.readNow()
    const second = reading.ingestNow()
    const third = reading.ingestNow()
    expect(runs).toHaveLength(1)
    runs[0]?.finish()
    await first
    await expect.poll(() => runs.length).toBe(2)
    runs[1]?.finish()
    expect((await second).status).toBe('IDLE')
    await third
    expect(runs).toHaveLength(2)
  })

  it('that fails says so, and the next one may be better', async () => {
    const { reading, runs, errors } = held({ about: () => ({ demo: false, message: 'all is well' }) })
    const failed = reading.readNow()
    runs[0]?.fail(new Error('the disk is full'))
    await failed
    expect(reading.report()).toMatchObject({ status: 'FAILED', message: 'the disk is full' })
    expect(errors).toHaveLength(1)
    expect(reading.isReady()).toBe(false)
    const again = reading.readNow()
    runs[1]?.finish()
    await again
    expect(reading.report()).toMatchObject({ status: 'IDLE', message: 'all is well' })
  })

  it('comes again whenever what watches says so, until it is stopped', async () => {
    let count = 0
    const reading = createReading({
      store,
      read: async () => {
        count += 1
      },
      about: () => ({ demo: true, message: 'the bundled recordings' }),
      onError: () => {},
    })
    await reading.readNow()
    let readAgain = async () => {}
    let stopped = 0
    reading.watch((read) => {
      readAgain = read
      return { stop: () => void stopped++ }
    })
    expect(reading.report()).toMatchObject({ status: 'WATCHING', demo: true })
    await readAgain()
    expect(reading.report()).toMatchObject({ status: 'WATCHING' })
    expect(count).toBe(2)
    await reading.stop()
    await readAgain()
    expect([count, stopped]).toEqual([2, 1])
  })
})
