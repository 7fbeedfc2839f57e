/** Runs the original plan's six queries on the database file with another client, as anyone may. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/duckdb/open.ts'
import {
  SESSIONS_WITH_TRACES,
  TRACE_DETAILS,
  TRACE_TREE,
  TRACES_BY_AGENT,
  TRACES_BY_DATE_RANGE,
  TRACES_BY_SESSION,
} from '../../src/store/duckdb/queries.ts'
import { makeForest } from '../forest.ts'

describe('the six queries of the original plan', () => {
  const directory = mkdtempSync(join(tmpdir(), 'delegraph-six-'))
  const path = join(directory, 'delegraph.duckdb')
  const forest = makeForest([
    { id: 'a', turns: [{ agent: 'coordinator', calls: [{ agent: 'tester' }, { agent: 'tester' }] }] },
  ])
  let instance: DuckDBInstance
  beforeAll(async () => {
    const store = await openStore({ path })
    await store.saveTraces({ forests: [forest], stamps: [], links: [], removedSessionIds: [] })
    await store.close()
    instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' })
  })
  afterAll(() => {
    instance.closeSync()
    rmSync(directory, { recursive: true })
  })

  async function ids(sql: string, values: (string | number)[], column = 'trace_id') {
    const connection = await instance.connect()
    const rows = (await connection.runAndReadAll(sql, values)).getRowObjects()
    connection.closeSync()
    return rows.map((row) => row[column])
  }
  const all = forest.traces.map((trace) => trace.id)
  const testers = forest.traces.filter((trace) => trace.agent === 'tester').map((trace) => trace.id)

  it('find the traces of a session, a tree, an agent, a span of time, one trace, and the sessions', async () => {
    expect(await ids(TRACES_BY_SESSION, ['ses_a'])).toEqual(all.slice(0, 1))
    expect(await ids(TRACE_TREE, ['ses_a'])).toEqual(all)
    expect(await ids(TRACES_BY_AGENT, ['tester'])).toEqual(testers)
    expect(await ids(TRACES_BY_DATE_RANGE, ['2000-01-01', '2100-01-01'])).toHaveLength(all.length)
    expect(await ids(TRACES_BY_DATE_RANGE, ['2000-01-01', '2000-01-02'])).toEqual([])
    expect(await ids(TRACE_DETAILS, [testers[0] ?? ''])).toEqual(testers.slice(0, 1))
    expect(new Set(await ids(SESSIONS_WITH_TRACES, [10], 'session_id'))).toEqual(
      new Set(forest.sessions.map((s) => s.id)),
    )
  })
})
