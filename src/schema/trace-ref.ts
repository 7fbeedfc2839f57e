import type { TraceRow } from '../store/store.ts'
import { builder } from './builder.ts'

/** Apart from its fields (`trace.ts`), for the types that traces and sessions point to and that point back. */
export const Trace = builder.objectRef<TraceRow>('Trace')
