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
