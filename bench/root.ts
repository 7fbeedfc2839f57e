import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/** The checkout, from the TypeScript as from what it compiles to. */
export const root = dirname(createRequire(import.meta.url).resolve('delegraph/package.json'))
