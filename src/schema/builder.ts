/** The schema builder: every file beside this one adds its one type to it. */
import SchemaBuilder from '@pothos/core'
import type { Context } from '../resolvers/context.ts'

export const builder = new SchemaBuilder<{
  Context: Context
  /** Fields are non-null unless they say otherwise: null means that something is absent, never that it failed. */
  DefaultFieldNullability: false
  Scalars: {
    /** UTC milliseconds inside, ISO 8601 outside. */
    DateTime: { Input: number; Output: number }
    SafeInt: { Input: number; Output: number }
    ID: { Input: string; Output: string }
  }
}>({ defaultFieldNullability: false })
