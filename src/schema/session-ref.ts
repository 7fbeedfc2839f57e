import type { SessionRow } from '../store/store.ts'
import { builder } from './builder.ts'

/** Separate from its fields (`session.ts`), so that types which refer to `Session` can be imported by it in turn. */
export const Session = builder.objectRef<SessionRow>('Session')
