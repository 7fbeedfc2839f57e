import type { OrderDirection, SessionOrder, TraceOrder } from '../store/store.ts'

type Given<T extends { field: string }> =
  | { field: T['field']; direction?: OrderDirection | null | undefined }
  | null
  | undefined

/** The latest first, unless said otherwise. */
export function sessionOrder(given: Given<SessionOrder>): SessionOrder {
  return { field: given?.field ?? 'STARTED_AT', direction: given?.direction ?? 'DESC' }
}

/** The latest first, unless said otherwise. */
export function traceOrder(given: Given<TraceOrder>): TraceOrder {
  return { field: given?.field ?? 'STARTED_AT', direction: given?.direction ?? 'DESC' }
}
