/**
 * Maps times of a session to positions on its timeline, from 0 to 1: either on one scale for the whole session, in
 * which pauses between turns are cut out since they may last for days (`absolute`), or per turn (`relative`).
 */
import { inView, type Viewport } from '../../../format/viewport.ts'
import { type Row, type Span, type Tree, union } from './rows.ts'

export type ScaleKind = 'absolute' | 'relative'

export interface TimeScale {
  kind: ScaleKind
  /** The duration that the whole width represents; for a relative scale, the longest turn's. */
  wholeMs: number
  shareOf: (row: Row, ms: number) => number
}

/** Width of a pause that was cut out, as a fraction of the busy time. */
const PAUSE = 0.01

export function timeScale(tree: Tree, kind: ScaleKind, nowMs: number): TimeScale {
  const turns = turnSpans(tree, nowMs)
  if (kind === 'relative') {
    return {
      kind,
      wholeMs: Math.max(0, ...[...turns.values()].map(lengthOf)),
      shareOf: (row, ms) => {
        const turn = turns.get(row.root)
        if (!turn) return 0
        return clamp((ms - turn.startMs) / Math.max(1, lengthOf(turn)))
      },
    }
  }
  const spans = union([...turns.values()])
  const busyMs = spans.reduce((sum, span) => sum + lengthOf(span), 0)
  const pauseMs = busyMs * PAUSE
  const wholeMs = Math.max(1, busyMs + pauseMs * Math.max(0, spans.length - 1))
  const begins: number[] = []
  let at = 0
  for (const span of spans) {
    begins.push(at)
    at += lengthOf(span) + pauseMs
  }
  return {
    kind,
    wholeMs,
    shareOf: (_row, ms) => {
      const index = lastBefore(spans, ms)
      const span = spans[index]
      if (!span) return 0
      return clamp(((begins[index] ?? 0) + Math.min(ms - span.startMs, lengthOf(span))) / wholeMs)
    },
  }
}

/** For each root, the span from its start to the last end in its tree. */
function turnSpans({ rows }: Tree, nowMs: number): Map<number, Span> {
  const spans = new Map<number, Span>()
  for (const row of rows) {
    const endMs = row.endMs ?? nowMs
    const span = spans.get(row.root)
    if (span) span.endMs = Math.max(span.endMs, endMs)
    else spans.set(row.root, { startMs: row.startMs, endMs })
  }
  return spans
}

/** Binary search for the index of the last span that starts at or before `ms`; 0 if there is none. */
function lastBefore(spans: readonly Span[], ms: number): number {
  let low = 0
  let high = spans.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((spans[middle]?.startMs ?? 0) <= ms) low = middle
    else high = middle - 1
  }
  return low
}

const lengthOf = (span: Span): number => span.endMs - span.startMs
const clamp = (share: number): number => Math.min(1, Math.max(0, share))

export interface Tick {
  /** Position in the viewport, from 0 to 1. */
  at: number
  /** Milliseconds from the start (absolute scale), or a fraction (relative scale). */
  value: number
}

const STEPS = [1, 2, 5]
const TIME_STEPS_MS = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400].map((s) => s * 1000)

/** Ticks at round values in the viewport, about `wanted` of them. */
export function ticks(scale: TimeScale, viewport: Viewport, wanted: number): Tick[] {
  const whole = scale.kind === 'relative' ? 1 : scale.wholeMs
  const least = ((viewport.to - viewport.from) * whole) / Math.max(1, wanted)
  const power = 10 ** Math.floor(Math.log10(least))
  const round = (STEPS.find((step) => step * power >= least) ?? 10) * power
  const step = scale.kind === 'absolute' && least > 10_000 ? (TIME_STEPS_MS.find((ms) => ms >= least) ?? round) : round
  const found: Tick[] = []
  for (
    let count = Math.ceil((viewport.from * whole) / step);
    count * step <= viewport.to * whole + step / 1e6;
    count++
  ) {
    const value = count * step
    found.push({ at: inView(viewport, value / whole), value })
  }
  return found
}
