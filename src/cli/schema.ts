import { printSchema } from 'graphql'
import { schema } from '../schema/index.ts'

/** The schema in GraphQL's own language, as it is committed. */
export function printWholeSchema(): string {
  return `${printSchema(schema)}\n`
}
