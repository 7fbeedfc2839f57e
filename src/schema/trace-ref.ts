import type { TraceRow } from '../store/store.ts'
import { builder } from './builder.ts'

/** Separate from its fields (`trace.ts`), since the types that its fields use refer back to `Trace`. */
export const Trace = builder.objectRef<TraceRow>('Trace')
