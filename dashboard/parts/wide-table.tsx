import type { ReactNode } from 'react'

/** A table that scrolls sideways, by keyboard too, if it is wider than its container. */
export function WideTable({ titleId, children }: { titleId: string; children: ReactNode }) {
  return (
    <div className="wide-table" tabIndex={0} role="group" aria-labelledby={titleId}>
      {children}
    </div>
  )
}
