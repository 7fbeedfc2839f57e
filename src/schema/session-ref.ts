import type { SessionRow } from '../store/store.ts'
import { builder } from './builder.ts'

/** Apart from its fields (`session.ts`), for the types that traces and sessions point to and that point back. */
export const Session = builder.objectRef<SessionRow>('Session')
