/** The Pothos schema builder. Each other file in this directory adds one type or one group of fields to it. */
import SchemaBuilder from '@pothos/core'
import type { Context } from '../resolvers/context.ts'

export const builder = new SchemaBuilder<{
  Context: Context
  /** Fields are non-null by default: a null means that a value is absent, never that reading it failed. */
  DefaultFieldNullability: false
  Scalars: {
    /** UTC milliseconds in resolvers, an ISO 8601 text in requests and responses. */
    DateTime: { Input: number; Output: number }
    SafeInt: { Input: number; Output: number }
    ID: { Input: string; Output: string }
  }
}>({ defaultFieldNullability: false })
