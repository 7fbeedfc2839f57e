/** Tests that a database that is listed again and again gives what a fresh listing gives. */
import { join } from 'node:path'
import fc from 'fast-check'
import type Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { openSqlite } from '../../src/ingest/opencode/sqlite.ts'
import { openReadOnly } from '../../src/ingest/opencode/sqlite-file.ts'
import { createLister, noMessageCounts } from '../../src/ingest/opencode/sqlite-listing.ts'
import type { ListedSession, Source } from '../../src/ingest/source.ts'
import { cases } from '../cases.ts'
import { createDatabase, insertRow, scratch } from './homes.ts'

/**
 * Writes by OpenCode and others: a time may go back, or a row may be deleted and its rowid reused. Time differences are
 * drawn from so wide a range that two of them do not cancel each other.
 */
type Write =
  | { kind: 'session' | 'delete' | 'message' | 'unsay'; id: number }
  | { kind: 'touch'; id: number; byMs: number }
  | { kind: 'archive'; id: number; atMs: number | null }

const id = fc.nat(5)
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({ kind: fc.constantFrom('session', 'delete', 'message', 'unsay'), id }),
  fc.record({ kind: fc.constant('touch'), id, byMs: fc.noBias(fc.integer({ min: -1e9, max: 1e9 })) }),
  fc.record({ kind: fc.constant('archive'), id, atMs: fc.option(fc.noBias(fc.nat(1e9))) }),
)

function execute(db: Database.Database, write: Write, atMs: number): void {
  const session = `ses_${write.id}`
  switch (write.kind) {
    case 'session':
      db.prepare('INSERT OR IGNORE INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
        ...[session, 'p', write.id > 3 ? 'ses_0' : null, '/d', session, '1', null, atMs, atMs, null],
      )
      return
    case 'delete':
      db.prepare('DELETE FROM session WHERE id = ?').run(session)
      return
    case 'message':
      insertRow(db, { table: 'message', values: [`msg_${atMs}`, session, atMs, atMs, '{}'] })
      return
    case 'unsay':
      db.prepare('DELETE FROM message WHERE rowid = (SELECT max(rowid) FROM message WHERE session_id = ?)').run(session)
      return
    case 'touch':
      db.prepare('UPDATE session SET time_updated = time_updated + ? WHERE id = ?').run(write.byMs, session)
      return
    case 'archive':
      db.prepare('UPDATE session SET time_archived = ? WHERE id = ?').run(write.atMs, session)
  }
}

const byId = (sessions: Iterable<ListedSession>) => new Map([...sessions].map((session) => [session.id, session]))

/** All sessions, from the last listing and the present one. */
function listAgain(source: Source, last: ReadonlyMap<string, ListedSession>) {
  const portions = source.list(last, [], true)
  const found: ListedSession[] = []
  for (let portion = portions.next(); ; portion = portions.next()) {
    if (portion.done) return { all: byId(portion.value ? found : [...last.values(), ...found]), isAll: portion.value }
    found.push(...portion.value)
  }
}

function freshly(path: string) {
  const source = openSqlite(path)
  const sessions = byId([...source.list(new Map(), [])].flat())
  source.close()
  return sessions
}

describe('a database that is listed again', () => {
  it('gives what a fresh look gives, whatever was written', () => {
    fc.assert(
      fc.property(fc.array(fc.array(write, { maxLength: 4 }), { maxLength: 6 }), (steps) => {
        const path = join(scratch(), 'opencode.db')
        const db = createDatabase(path)
        const source = openSqlite(path)
        let last = listAgain(source, new Map()).all
        let atMs = 100
        for (const writes of steps) {
          for (const each of writes) execute(db, each, ++atMs)
          last = listAgain(source, last).all
          expect(last).toEqual(freshly(path))
        }
        source.close()
        db.close()
      }),
      { numRuns: cases(100) },
    )
  })

  it('sees that a message went, though another has its number now', () => {
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    for (const id of [0, 1]) execute(db, { kind: 'session', id }, 100 + id)
    execute(db, { kind: 'message', id: 0 }, 200)
    const source = openSqlite(path)
    let last = listAgain(source, new Map()).all
    for (const more of [[1], [0, 1]]) {
      execute(db, { kind: 'unsay', id: more[0] === 0 ? 1 : 0 }, 201)
      for (const [i, id] of more.entries()) execute(db, { kind: 'message', id }, 300 + 10 * more.length + i)
      last = listAgain(source, last).all
      expect(last).toEqual(freshly(path))
    }
    source.close()
    db.close()
  })

  it('leaves a message that is written while messages are counted for the next time', () => {
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    execute(db, { kind: 'session', id: 0 }, 100)
    const reader = openReadOnly(path)
    const columns = new Set(['id', 'parent_id', 'time_created', 'time_updated', 'time_archived'])
    const counted = noMessageCounts()
    const listSessions = createLister(reader, path, columns, counted)
    listSessions([], false)
    execute(db, { kind: 'message', id: 0 }, 200)
    // Read after the last message was found, and before the messages after it are counted.
    const { lastId } = counted
    Object.defineProperty(counted, 'lastId', {
      configurable: true,
      get() {
        Object.defineProperty(counted, 'lastId', { value: lastId, writable: true })
        execute(db, { kind: 'message', id: 0 }, 201)
        return lastId
      },
    })
    for (const messages of [1, 2]) {
      const [session] = listSessions([], true).sessions
      expect(session?.mark).toMatch(new RegExp(`:${messages}$`))
    }
    reader.close()
    db.close()
  })

  it('gives only what OpenCode wrote since: a session that is new, one that went on, one more message', () => {
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    for (const id of [0, 1, 2, 3]) execute(db, { kind: 'session', id }, 100 + id)
    const source = openSqlite(path)
    const { all } = listAgain(source, new Map())
    execute(db, { kind: 'session', id: 5 }, 200)
    execute(db, { kind: 'touch', id: 1, byMs: 100 }, 201)
    execute(db, { kind: 'message', id: 2 }, 202)
    const news = [...source.list(all, [], true)].flat().map((session) => session.id)
    // The latest session of the last listing is included: another one of the same millisecond may be new.
    expect(news.sort()).toEqual(['ses_1', 'ses_2', 'ses_3', 'ses_5'])
    source.close()
    db.close()
  })
})
