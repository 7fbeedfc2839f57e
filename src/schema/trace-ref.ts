import type { TraceRow } from '../store/store.ts'
import { builder } from './builder.ts'

/** Separate from its fields (`trace.ts`), so that types which refer to `Trace` can be imported by it in turn. */
export const Trace = builder.objectRef<TraceRow>('Trace')
