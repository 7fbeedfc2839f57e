/** A statement with its parameters. What a user gives becomes a parameter, never a part of the text. */

export type SqlValue = string | number | boolean | null | readonly string[] | readonly number[]

export interface Statement {
  sql: string
  values: readonly SqlValue[]
}

/** Puts a value among the statement's parameters and gives the placeholder that stands for it. Numbers are DOUBLE. */
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

/** A moment (UTC milliseconds) as a TIMESTAMP. */
export const momentSql = (bind: Bind, ms: number): string => `epoch_ms(${bind(ms)}::BIGINT)`

/** Lists of one length, each with its type in SQL, as rows: a SELECT with a column for each. */
export function rowsSql(
  bind: Bind,
  columns: Record<string, [type: string, list: readonly string[] | readonly number[]]>,
): string {
  const lists = Object.entries(columns).map(([name, [type, list]]) => `unnest(${bind(list)}::${type}[]) AS ${name}`)
  return `SELECT ${lists.join(', ')}`
}
