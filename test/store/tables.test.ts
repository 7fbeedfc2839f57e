import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore, type Store } from '../../src/store/duckdb/open.ts'
import { SESSION_COLUMNS, TRACE_COLUMNS } from '../../src/store/packing/columns.ts'

/** The columns of the original plan, exactly as it has them. */
const PLAN = [
  ['trace_id', 'VARCHAR', false, null],
  ['session_id', 'VARCHAR', false, null],
  ['parent_trace_id', 'VARCHAR', true, null],
  ['parent_agent', 'VARCHAR', true, null],
  ['subagent_type', 'VARCHAR', false, null],
  ['prompt_input', 'VARCHAR', false, null],
  ['prompt_output', 'VARCHAR', true, null],
  ['started_at', 'TIMESTAMP', false, null],
  ['ended_at', 'TIMESTAMP', true, null],
  ['duration_ms', 'BIGINT', true, null],
  ['tokens_in', 'BIGINT', true, null],
  ['tokens_out', 'BIGINT', true, null],
  ['status', 'VARCHAR', true, "'running'"],
  ['tools_used', 'VARCHAR[]', true, null],
  ['created_at', 'TIMESTAMP', true, 'CURRENT_TIMESTAMP'],
]

const INDEXES = [
  ['idx_traces_date', '[started_at]'],
  ['idx_traces_parent', '[parent_trace_id]'],
  ['idx_traces_session', '[session_id]'],
  ['idx_traces_subagent', '[subagent_type]'],
]

describe('the tables', () => {
  const folder = mkdtempSync(join(tmpdir(), 'delegraph-tables-'))
  let store: Store
  beforeAll(async () => {
    store = await openStore({ path: join(folder, 'delegraph.duckdb') })
  })
  afterAll(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })

  const rows = (sql: string): Promise<unknown[][]> =>
    store.database.select({ sql, values: [] }, (columns, rowCount) =>
      Array.from({ length: rowCount }, (_, i) => columns.map((cells) => cells[i])),
    )

  it('begin with the columns of the original plan, in its order', async () => {
    const columns = await rows(
      `SELECT column_name, data_type, is_nullable, replace(lower(column_default), 'get_current_timestamp()', 'current_timestamp')
       FROM duckdb_columns() WHERE table_name = 'agent_traces' ORDER BY column_index LIMIT ${PLAN.length}`,
    )
    const plan = PLAN.map(([name, type, nullable, value]) => [
      name,
      type,
      nullable,
      value === null ? null : String(value).toLowerCase(),
    ])
    expect(
      columns.map(([name, type, nullable, value]) => [
        name,
        type,
        nullable,
        value === null ? null : String(value).replace(/^cast\((.*) as .*\)$/, '$1'),
      ]),
    ).toEqual(plan)
    expect(
      await rows(`SELECT constraint_column_names FROM duckdb_constraints()
      WHERE table_name = 'agent_traces' AND constraint_type = 'PRIMARY KEY'`),
    ).toEqual([[['trace_id']]])
  })

  it('have the four indexes of the original plan', async () => {
    expect(
      await rows(
        `SELECT index_name, expressions FROM duckdb_indexes() WHERE table_name = 'agent_traces' ORDER BY index_name`,
      ),
    ).toEqual(INDEXES)
  })

  it('and views and every column of them say what they are', async () => {
    const silent = await rows(`
      SELECT table_name, NULL FROM duckdb_tables() WHERE comment IS NULL AND NOT internal
      UNION ALL SELECT view_name, NULL FROM duckdb_views() WHERE comment IS NULL AND NOT internal
      UNION ALL SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL AND NOT internal`)
    expect(silent).toEqual([])
  })

  it('are written in all their columns', async () => {
    const namesOf = async (table: string) =>
      (await rows(`SELECT column_name FROM duckdb_columns() WHERE table_name = '${table}' ORDER BY column_name`)).flat()
    const names = (columns: readonly { name: string }[], ...more: string[]) =>
      [...columns.map((column) => column.name), ...more].sort()
    expect(await namesOf('agent_traces')).toEqual(names(TRACE_COLUMNS, 'created_at', 'digest'))
    expect(await namesOf('sessions')).toEqual(names(SESSION_COLUMNS, 'digest'))
  })
  it('are the same in memory, without comments', async () => {
    const TABLES = `SELECT sql FROM duckdb_tables() WHERE NOT internal AND database_name = 'delegraph'
      UNION ALL SELECT sql FROM duckdb_views() WHERE NOT internal AND database_name = 'delegraph'
      UNION ALL SELECT sql FROM duckdb_indexes() WHERE database_name = 'delegraph' ORDER BY sql`
    const inFile = await rows(TABLES)
    expect(inFile.length).toBeGreaterThan(10)
    const memory = await openStore({ path: ':memory:' })
    const inMemory = await memory.database.select({ sql: TABLES, values: [] }, ([sql = []]) =>
      sql.map((cell) => [cell]),
    )
    await memory.close()
    expect(inMemory).toEqual(inFile)
  })
})
