import type { TraceColumn } from '../store/store.ts'

/** What a query wants of the traces that a field gives, known before they are read. */
export interface TracePlan {
  /** Columns of the traces themselves. */
  own: ReadonlySet<TraceColumn>
  /** Their columns and those of all their relatives that are asked for with them: with these a tree is read at once. */
  tree: ReadonlySet<TraceColumn>
  /** Levels of children asked for below them. */
  levels: number
}
