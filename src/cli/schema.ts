import { printSchema } from 'graphql'
import { schema } from '../schema/index.ts'

/** The schema in GraphQL SDL, exactly as committed in `schema.graphql`. */
export function printWholeSchema(): string {
  return `${printSchema(schema)}\n`
}
