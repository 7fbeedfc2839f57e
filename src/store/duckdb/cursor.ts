/** Encodes the cursors of all lists: a few values as JSON in base64url, so that clients treat them as opaque. */
import type { z } from 'zod'
import { DelegraphError } from '../../errors.ts'

export const encodeCursor = (values: readonly unknown[]): string =>
  Buffer.from(JSON.stringify(values)).toString('base64url')

/** Returns null if the text is not a cursor of this shape. */
export function decodeCursor<T>(cursor: string, shape: z.ZodType<T>): T | null {
  let values: unknown
  try {
    values = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return null
  }
  const read = shape.safeParse(values)
  return read.success ? read.data : null
}

export function refusedCursor(argument: 'after' | 'before', reason: string): DelegraphError {
  const message = `"${argument}" ${reason}. Use one from the list that you are paging through.`
  return new DelegraphError('BAD_USER_INPUT', message, { argument })
}
