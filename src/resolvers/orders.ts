import type { OrderDirection, SessionOrder, TraceOrder } from '../store/store.ts'

type Given<T extends { field: string }> =
  | { field: T['field']; direction?: OrderDirection | null | undefined }
  | null
  | undefined

/** Defaults to the latest first. */
export function sessionOrder(given: Given<SessionOrder>): SessionOrder {
  return { field: given?.field ?? 'STARTED_AT', direction: given?.direction ?? 'DESC' }
}

/** Defaults to the latest first. */
export function traceOrder(given: Given<TraceOrder>): TraceOrder {
  return { field: given?.field ?? 'STARTED_AT', direction: given?.direction ?? 'DESC' }
}
