import type { ReactNode } from 'react'

/** A table that scrolls sideways on its own, by the keyboard, too, where it is wider than its place. */
export function WideTable({ titleId, children }: { titleId: string; children: ReactNode }) {
  return (
    <div className="wide-table" tabIndex={0} role="group" aria-labelledby={titleId}>
      {children}
    </div>
  )
}
