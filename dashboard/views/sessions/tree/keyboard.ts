/** What a key does in the tree, following the WAI-ARIA treegrid pattern. Pure, so it can be tested without a DOM. */
import { hasChildren, type Row } from './rows.ts'

export type Step =
  | { do: 'move'; to: number }
  | { do: 'expand' | 'collapse'; id: string }
  | { do: 'expandAll' | 'open' | 'zoomIn' | 'zoomOut' | 'zoomWhole' | 'panLeft' | 'panRight' }

export interface Keystroke {
  key: string
  shiftKey: boolean
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
}

export interface Standing {
  visible: readonly Row[]
  /** The index of the active row in `visible`; -1 if there is none. */
  at: number
  collapsed: ReadonlySet<string>
  /** Number of rows on one screen. */
  screen: number
}

const PLAIN: Readonly<Record<string, Step>> = {
  Enter: { do: 'open' },
  '*': { do: 'expandAll' },
  '+': { do: 'zoomIn' },
  '=': { do: 'zoomIn' },
  '-': { do: 'zoomOut' },
  '0': { do: 'zoomWhole' },
}

export function stepOf(stroke: Keystroke, standing: Standing): Step | null {
  if (stroke.ctrlKey || stroke.metaKey || stroke.altKey) return null
  if (stroke.shiftKey && stroke.key === 'ArrowLeft') return { do: 'panLeft' }
  if (stroke.shiftKey && stroke.key === 'ArrowRight') return { do: 'panRight' }
  return (
    PLAIN[stroke.key] ?? moveOf(stroke.key, standing) ?? sideways(stroke.key, standing) ?? typed(stroke.key, standing)
  )
}

function moveOf(key: string, { visible, at, screen }: Standing): Step | null {
  const last = visible.length - 1
  if (last < 0) return null
  const to = (index: number): Step => ({ do: 'move', to: Math.min(last, Math.max(0, index)) })
  if (key === 'ArrowDown') return to(at + 1)
  if (key === 'ArrowUp') return to(at - 1)
  if (key === 'Home') return to(0)
  if (key === 'End') return to(last)
  if (key === 'PageDown') return to(at + screen)
  if (key === 'PageUp') return to(at - screen)
  return null
}

/** Right expands a row, then moves to its first child; left collapses it, then moves to its parent. */
function sideways(key: string, { visible, at, collapsed }: Standing): Step | null {
  const row = visible[at]
  if (!row) return null
  const open = hasChildren(row) && !collapsed.has(row.trace.id)
  if (key === 'ArrowRight') {
    if (!hasChildren(row)) return null
    return open ? { do: 'move', to: at + 1 } : { do: 'expand', id: row.trace.id }
  }
  if (key === 'ArrowLeft') {
    if (open) return { do: 'collapse', id: row.trace.id }
    const above = visible.findIndex((other) => other.index === row.parent)
    return above < 0 ? null : { do: 'move', to: above }
  }
  return null
}

/** Moves to the next row whose agent starts with the typed letter, wrapping around at the end. */
function typed(key: string, { visible, at }: Standing): Step | null {
  if (!/^[\p{L}\p{N}]$/u.test(key)) return null
  const letter = key.toLocaleLowerCase()
  for (let step = 1; step <= visible.length; step++) {
    const index = (at + step) % visible.length
    if (visible[index]?.trace.agent.toLocaleLowerCase().startsWith(letter)) return { do: 'move', to: index }
  }
  return null
}
