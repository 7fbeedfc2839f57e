import type { TraceColumn } from '../store/store.ts'

/** What a query selects on the traces that a field returns, known before they are read. */
export interface TracePlan {
  /** Columns of the traces themselves. */
  own: ReadonlySet<TraceColumn>
  /** Columns of the traces and of all relatives selected with them: enough to read a whole tree at once. */
  tree: ReadonlySet<TraceColumn>
  /** How many levels of descendants the query selects below the traces. */
  levels: number
}
