import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createChangeFeed } from '../../src/live/changes.ts'
import { paced } from '../../src/live/paced.ts'
import { createProgressFeed } from '../../src/live/progress.ts'
import type { Change } from '../../src/resolvers/context.ts'
import type { SavedChange } from '../../src/store/store.ts'
import { cases } from '../cases.ts'

/** A saved change of the tree `root`: traces written and removed. */
function saved(root: string, traceIds: string[], removedTraceIds: string[] = []): SavedChange {
  const rootOf = new Map([...traceIds, ...removedTraceIds].map((id) => [id, root] as const))
  const gone = { removedTraceIds, removedSessionIds: [] }
  return { sessionIds: [root], traceIds, ...gone, rootOf: rootOf.set(root, root), movedFrom: new Map() }
}

const named = (change: Change) => ({
  sessionIds: change.sessionIds,
  traceIds: change.traceIds,
  removedTraceIds: change.removedTraceIds,
})

async function next(changes: AsyncIterator<Change>): Promise<Change> {
  const { value, done } = await changes.next()
  if (done) throw new Error('the subscription has ended')
  return value
}

describe('the feed of changes', () => {
  it('gives what comes while nobody asks as one change', async () => {
    const feed = createChangeFeed()
    const changes = feed.changes(null, null)
    feed.publish(saved('a', ['t1', 't2']))
    feed.publish(saved('a', ['t3'], ['t2']))
    feed.publish(saved('b', ['t4']))
    expect(named(await next(changes))).toEqual({
      sessionIds: ['a', 'b'],
      traceIds: ['t1', 't3', 't4'],
      removedTraceIds: ['t2'],
    })
    feed.close()
    expect(await changes.next()).toEqual({ done: true, value: undefined })
  })

  it('waits for something to come, and says nothing of what came before', async () => {
    const feed = createChangeFeed()
    feed.publish(saved('a', ['t1']))
    const changes = feed.changes(null, null)
    const asked = next(changes)
    feed.publish(saved('a', ['t2']))
    expect((await asked).traceIds).toEqual(['t2'])
  })

  it('gives no more than ten a second', async () => {
    const feed = createChangeFeed()
    const changes = feed.changes(null, null)
    const begun = performance.now()
    for (let i = 0; i < 4; i++) {
      feed.publish(saved('a', [`t${i}`]))
      await next(changes)
    }
    expect(performance.now() - begun).toBeGreaterThanOrEqual(300)
  })

  it('goes on behind a cursor, in the order and with nothing left out or said twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 12 }), async (breaks) => {
        const feed = createChangeFeed()
        let changes = feed.changes(null, null)
        let cursor: string | null = null
        const heard: string[] = []
        for (const [i, isBreak] of breaks.entries()) {
          feed.publish(saved('a', [`t${i}`]))
          if (!isBreak) continue
          const change = await next(changes)
          heard.push(...change.traceIds)
          cursor = change.cursor
          await changes.return?.()
          changes = feed.changes(cursor, null)
        }
        feed.publish(saved('a', ['last']))
        heard.push(...(await next(changes)).traceIds)
        expect(heard).toEqual([...breaks.map((_, i) => `t${i}`), 'last'])
      }),
      { numRuns: cases(20) },
    )
  })

  it('says that it does not know what was missed behind a cursor of another process, of the future or of long ago', async () => {
    const feed = createChangeFeed(() => 1_000_000)
    const changes = feed.changes(null, null)
    feed.publish(saved('a', ['first']))
    const { cursor } = await next(changes)
    const ahead = cursor.replace(/\d+$/, '99')
    const other = createChangeFeed(() => 2_000_000)
    for (const after of [ahead, 'nonsense', '', '1.1']) {
      expect(await next(feed.changes(after, null))).toMatchObject({ complete: false, traceIds: [] })
    }
    expect(await next(other.changes(cursor, null))).toMatchObject({ complete: false })
    for (let i = 0; i < 3000; i++) feed.publish(saved('a', [`t${i}`]))
    expect(await next(feed.changes(cursor, null))).toMatchObject({ complete: false, sessionIds: [] })
  })

  it('names nothing where there is too much to name, and then waits longer', async () => {
    const feed = createChangeFeed()
    const changes = feed.changes(null, null)
    for (let tree = 0; tree < 30; tree++) {
      feed.publish(
        saved(
          `s${tree}`,
          Array.from({ length: 100 }, (_, i) => `t${tree}.${i}`),
        ),
      )
    }
    const begun = performance.now()
    expect(await next(changes)).toMatchObject({ complete: false, sessionIds: [], traceIds: [] })
    feed.publish(
      saved(
        'large',
        Array.from({ length: 5000 }, (_, i) => `t${i}`),
      ),
    )
    expect(await next(changes)).toMatchObject({ complete: false, traceIds: [] })
    expect(performance.now() - begun).toBeGreaterThanOrEqual(1000)
    feed.publish(saved('a', ['t']))
    expect(await next(changes)).toMatchObject({ complete: true, traceIds: ['t'] })
  })

  it('of one tree tells that tree alone, and to ask again for another in which its session has come to stand', async () => {
    const feed = createChangeFeed()
    const changes = feed.changes(null, { sessionId: 'child', rootId: 'child' })
    feed.publish(saved('other', ['t1']))
    feed.publish(saved('child', ['t2']))
    const { cursor: before, ...first } = await next(changes)
    expect(first).toMatchObject({ complete: true, sessionIds: ['child'], traceIds: ['t2'], removedTraceIds: [] })
    const moved = new Map([
      ['child', 'root'],
      ['t2', 'root'],
      ['t3', 'other'],
    ])
    feed.publish({
      sessionIds: ['child', 'root', 'other'],
      traceIds: ['t2', 't3'],
      removedTraceIds: [],
      removedSessionIds: [],
      rootOf: moved,
      movedFrom: new Map(['child', 't2'].map((id) => [id, 'child'])),
    })
    const again = { complete: false, sessionIds: [], traceIds: [] }
    const { cursor, ...told } = await next(changes)
    expect(told).toMatchObject(again)
    const resumed = feed.changes(before, { sessionId: 'child', rootId: 'root' })
    expect(await next(resumed)).toMatchObject({ ...again, cursor })
    feed.publish(saved('elsewhere', ['t5']))
    feed.publish(saved('root', ['t6']))
    expect((await next(changes)).traceIds).toEqual(['t6'])
  })

  it('of one tree tells what has left it for another', async () => {
    const feed = createChangeFeed()
    const changes = feed.changes(null, { sessionId: 'root', rootId: 'root' })
    feed.publish({
      ...saved('child', ['t1', 't2', 't3']),
      sessionIds: ['root', 'child', 'other'],
      movedFrom: new Map([
        ['child', 'root'],
        ['t1', 'root'],
        ['t2', 'other'],
      ]),
    })
    expect(named(await next(changes))).toEqual({ sessionIds: ['root', 'child'], traceIds: ['t1'], removedTraceIds: [] })
    feed.publish(saved('child', ['t1']))
    feed.publish(saved('root', ['t4']))
    expect((await next(changes)).traceIds).toEqual(['t4'])
  })

  it('announces a session that is gone, and takes it back when it comes again', async () => {
    const feed = createChangeFeed()
    const changes = feed.changes(null, null)
    const gone = (...ids: string[]): SavedChange => ({ ...saved('root', []), removedSessionIds: ids })
    feed.publish({ ...gone('a', 'b'), rootOf: new Map(['a', 'b'].map((id) => [id, 'root'])) })
    feed.publish({ ...gone(), rootOf: new Map([['b', 'root']]) })
    expect((await next(changes)).removedSessionIds).toEqual(['a'])
  })
})

describe('a subscriber', () => {
  it('that never takes anything is never given anything', () => {
    let taken = 0
    const subscriber = paced({ take: () => ++taken, pauseMs: () => 0, onEnd: () => {} })
    for (let i = 0; i < 100; i++) subscriber.wake()
    expect(taken).toBe(0)
  })

  it('that leaves while it waits is let go at once', async () => {
    let ended = 0
    const subscriber = paced({ take: () => null, pauseMs: () => 0, onEnd: () => ended++ })
    const waiting = subscriber.values.next()
    await subscriber.values.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(ended).toBe(1)
  })
})

describe('the feed of progress', () => {
  it('gives the latest alone, and at once what is under way', async () => {
    const feed = createProgressFeed()
    const at = (done: number, phase = 'reading') => ({ done, total: 10, phase, elapsedMs: done })
    feed.publish(at(1))
    const progress = feed.progress()
    expect((await progress.next()).value).toEqual(at(1))
    feed.publish(at(2))
    feed.publish(at(3))
    expect((await progress.next()).value).toEqual(at(3))
    feed.publish(at(10, 'done'))
    expect((await progress.next()).value).toEqual(at(10, 'done'))
    const late = feed.progress().next()
    feed.publish(at(0, 'looking'))
    expect((await late).value).toEqual(at(0, 'looking'))
    feed.close()
    expect((await progress.next()).done).toBe(true)
  })
})
