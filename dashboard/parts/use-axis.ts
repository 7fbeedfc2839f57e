/** How pointer, wheel and keys pan and zoom a timeline, by changing its viewport. */
import { type PointerEvent, type RefObject, useEffect, useRef } from 'react'
import { pan, type Viewport, WHOLE, zoom } from '../format/viewport.ts'
import { useWidth } from './use-width.ts'

const ZOOM_STEP = 1.6
const PAN_STEP = 0.2

export interface Axis {
  zoomIn: () => void
  zoomOut: () => void
  zoomWhole: () => void
  panLeft: () => void
  panRight: () => void
  /** Width of the column of bars, in CSS pixels. */
  widthPx: number
  /** For the axis cell above the bars: dragging it pans; the wheel zooms over it, and with Ctrl over the bars too. */
  cell: {
    ref: RefObject<HTMLSpanElement | null>
    onPointerDown: (event: PointerEvent<HTMLElement>) => void
    onPointerMove: (event: PointerEvent<HTMLElement>) => void
  }
}

type Move = (change: (now: Viewport) => Viewport) => void

export function useAxis(scroller: RefObject<HTMLElement | null>, move: Move): Axis {
  const cell = useRef<HTMLSpanElement>(null)
  const latestMove = useRef(move)
  useEffect(() => {
    latestMove.current = move
  })

  const widthPx = useWidth(cell)
  // React's wheel listeners are passive and could not keep the browser from zooming the page as well.
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const turn = (event: WheelEvent) => {
      const lane = cell.current?.getBoundingClientRect()
      if (!lane || event.clientX < lane.left || event.clientX > lane.right) return
      const onAxis = event.target instanceof Node && cell.current?.contains(event.target) === true
      if (!event.ctrlKey && !onAxis) return
      event.preventDefault()
      const at = (event.clientX - lane.left) / lane.width
      const factor = event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP
      latestMove.current((now) => zoom(now, factor, now.from + at * (now.to - now.from)))
    }
    element.addEventListener('wheel', turn, { passive: false })
    return () => element.removeEventListener('wheel', turn)
  }, [scroller])

  const around = (now: Viewport) => (now.from + now.to) / 2
  return {
    zoomIn: () => move((now) => zoom(now, ZOOM_STEP, around(now))),
    zoomOut: () => move((now) => zoom(now, 1 / ZOOM_STEP, around(now))),
    zoomWhole: () => move(() => WHOLE),
    panLeft: () => move((now) => pan(now, -PAN_STEP)),
    panRight: () => move((now) => pan(now, PAN_STEP)),
    widthPx,
    cell: {
      ref: cell,
      onPointerDown: (event) => event.currentTarget.setPointerCapture(event.pointerId),
      onPointerMove: (event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
        const part = -event.movementX / event.currentTarget.clientWidth
        move((now) => pan(now, part))
      },
    },
  }
}
