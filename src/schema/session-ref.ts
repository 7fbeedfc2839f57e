import type { SessionRow } from '../store/store.ts'
import { builder } from './builder.ts'

/** Separate from its fields (`session.ts`), since the types that its fields use refer back to `Session`. */
export const Session = builder.objectRef<SessionRow>('Session')
