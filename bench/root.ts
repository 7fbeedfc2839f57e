import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/** The root of the checkout, whether this file runs as TypeScript or compiled. */
export const root = dirname(createRequire(import.meta.url).resolve('delegraph/package.json'))
