import type { TraceColumn } from '../store/store.ts'

/** What a query wants of the traces that a field gives, known before they are read. */
export interface TracePlan {
  /** Columns of the traces themselves. */
  own: ReadonlySet<TraceColumn>
  /** Columns of the traces and of all relatives asked for with them: enough to read a whole tree at once. */
  tree: ReadonlySet<TraceColumn>
  /** Levels of children asked for below them. */
  levels: number
}
