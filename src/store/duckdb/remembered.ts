/** Caches a value that is computed from the whole history, until something is written. */
import type { Database } from './database.ts'

export function remembered<T>(database: Pick<Database, 'version'>, workOut: () => Promise<T>): () => Promise<T> {
  let known: { version: number; value: Promise<T> } | null = null
  return () => {
    const version = database.version()
    if (known?.version === version) return known.value
    const value = workOut()
    known = { version, value }
    value.catch(() => {
      if (known?.value === value) known = null
    })
    return value
  }
}
