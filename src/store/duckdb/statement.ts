/** SQL statements with parameters. User input always becomes a parameter, never part of the SQL text. */

export type SqlValue = string | number | boolean | null | readonly string[] | readonly number[]

export interface Statement {
  sql: string
  values: readonly SqlValue[]
}

/** Adds a value to the statement's parameters and returns its placeholder. Numbers are bound as DOUBLE. */
export type Bind = (value: SqlValue) => string

export interface Parameters {
  bind: Bind
  values: SqlValue[]
}

export function createParameters(): Parameters {
  const values: SqlValue[] = []
  return {
    values,
    bind(value) {
      values.push(value)
      return `$${values.length}`
    },
  }
}

/** SQL for a time in UTC milliseconds as a TIMESTAMP. */
export const momentSql = (bind: Bind, ms: number): string => `epoch_ms(${bind(ms)}::BIGINT)`

/** Returns a SELECT that turns lists of equal length into rows, with one column, of the given SQL type, per list. */
export function rowsSql(
  bind: Bind,
  columns: Record<string, [type: string, list: readonly string[] | readonly number[]]>,
): string {
  const lists = Object.entries(columns).map(([name, [type, list]]) => `unnest(${bind(list)}::${type}[]) AS ${name}`)
  return `SELECT ${lists.join(', ')}`
}
