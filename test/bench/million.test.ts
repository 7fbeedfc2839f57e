import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it } from 'vitest'
import { fill, WIDE_CALLS } from '../../bench/million.ts'
import { openStore } from '../../src/store/duckdb/open.ts'

const TURNS = 20
const TRACES = WIDE_CALLS + 1 + 10 * TURNS

it('the made-up history fits into the tables as they are, and its trees add up', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'delegraph-made-up-'))
  try {
    const path = join(directory, 'made-up.duckdb')
    await (await openStore({ path })).close()
    await fill(path, TRACES)
    const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' })
    const connection = await instance.connect()
    const ask = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJS()
    expect(await ask('SELECT count(*)::DOUBLE FROM agent_traces')).toEqual([[TRACES]])
    expect(await ask('SELECT count(*)::DOUBLE FROM sessions WHERE is_root')).toEqual([[TURNS + 1]])
    expect(
      await ask(`
        SELECT s.session_id FROM sessions s JOIN agent_traces t ON t.root_session_id = s.session_id WHERE s.is_root
        GROUP BY s.session_id, s.total_cost, s.trace_count
        HAVING abs(sum(t.own_cost) - s.total_cost) > 1e-6 OR count(*) <> s.trace_count`),
    ).toEqual([])
    connection.closeSync()
    instance.closeSync()
  } finally {
    rmSync(directory, { recursive: true })
  }
})
