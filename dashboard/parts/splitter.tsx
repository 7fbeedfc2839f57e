/** A splitter between two panes, moved with the pointer or the arrow keys. Its position is kept in this browser. */
import { type KeyboardEvent, type PointerEvent, useState } from 'react'
import { keep, kept } from '../data/kept.ts'

export interface SplitterState {
  /** Width of the right pane, in percent of both. */
  percent: number
  move: (percent: number) => void
}

const LEAST = 20
const MOST = 70
const STEP = 2

export function useSplitter(name: string, initial: number): SplitterState {
  const key = `delegraph.splitter.${name}`
  const [percent, setPercent] = useState(() => {
    const before = Number(kept(key))
    return before >= LEAST && before <= MOST ? before : initial
  })
  const move = (wanted: number) => {
    const bounded = Math.round(Math.min(MOST, Math.max(LEAST, wanted)) * 10) / 10
    setPercent(bounded)
    keep(key, String(bounded))
  }
  return { percent, move }
}

export function Splitter({ state, label, controls }: { state: SplitterState; label: string; controls: string }) {
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
    const both = event.currentTarget.parentElement?.getBoundingClientRect()
    if (both) state.move(((both.right - event.clientX) / both.width) * 100)
  }
  const press = (event: KeyboardEvent) => {
    const wanted = {
      ArrowLeft: state.percent + STEP,
      ArrowRight: state.percent - STEP,
      Home: MOST,
      End: LEAST,
    }[event.key]
    if (wanted === undefined) return
    event.preventDefault()
    state.move(wanted)
  }
  return (
    <div
      className="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-controls={controls}
      aria-valuenow={Math.round(state.percent)}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={press}
    />
  )
}
