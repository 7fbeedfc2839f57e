/** The state of a tree's timeline: its scale and its viewport. */
import { type RefObject, useMemo, useState } from 'react'
import { type Viewport, WHOLE } from '../../../format/viewport.ts'
import { type Axis, useAxis } from '../../../parts/use-axis.ts'
import type { Tree } from './rows.ts'
import { type ScaleKind, type TimeScale, timeScale } from './time-scale.ts'

export interface Timeline {
  scale: TimeScale
  viewport: Viewport
  setKind: (kind: ScaleKind) => void
  axis: Axis
}

export function useTimeline(tree: Tree, nowMs: number, scroller: RefObject<HTMLElement | null>): Timeline {
  const [kind, setKind] = useState<ScaleKind>('absolute')
  const [viewport, setViewport] = useState<Viewport>(WHOLE)
  const axis = useAxis(scroller, setViewport)
  const scale = useMemo(() => timeScale(tree, kind, nowMs), [tree, kind, nowMs])
  return {
    scale,
    viewport,
    axis,
    setKind: (wanted) => {
      setKind(wanted)
      setViewport(WHOLE)
    },
  }
}
