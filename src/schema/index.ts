/** The whole schema: every file that adds to it is imported here, and nothing else happens. */
import { builder } from './builder.ts'
import './scalars.ts'
import './query.ts'
import './mutation.ts'
import './session.ts'
import './trace.ts'

export const schema = builder.toSchema()
