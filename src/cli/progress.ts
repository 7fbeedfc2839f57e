/** Progress of long work: a bar on a terminal, an occasional line in a pipe. */
import { duration, group } from './figures.ts'

export interface Progress {
  update: (done: number, total: number, phase: string) => void
  /** Removes the bar and resets, so that other work may be shown next. */
  end: () => void
}

interface Stream {
  isTTY?: boolean | undefined
  columns?: number | undefined
  write: (text: string) => unknown
}

const BAR_EVERY_MS = 100
const LINE_EVERY_MS = 5000
const BAR_WIDTH = 24
const LEAST_WIDTH = 4
/** Share of the work from which the remaining time is estimated: the beginning is seldom typical of the rest. */
const TELLING_SHARE = 0.02

/** @param terminal value of `TERM`: a "dumb" terminal would print the control codes that draw the bar */
export function createProgress(stream: Stream, terminal?: string, now: () => number = Date.now): Progress {
  const isBar = stream.isTTY === true && terminal !== 'dumb'
  let startedMs: number | null = null
  let shownMs = Number.NEGATIVE_INFINITY
  let isShown = false
  return {
    update(done, total, phase) {
      const atMs = now()
      startedMs ??= atMs
      if (atMs - shownMs < (isBar ? BAR_EVERY_MS : LINE_EVERY_MS)) return
      // Work that ends soon is not worth a line in a pipe.
      if (!isBar && shownMs === Number.NEGATIVE_INFINITY && atMs - startedMs < LINE_EVERY_MS) return
      shownMs = atMs
      const counts = total > 0 ? ` ${group(done)} of ${group(total)}${timeLeft(done, total, atMs - startedMs)}` : ''
      const words = `${phase}${counts}`
      if (!isBar) return void stream.write(`${words}\n`)
      // Some terminals do not report their width. On a narrow one, the figures matter more than the bar.
      const room = Math.max(20, (stream.columns || 80) - 1)
      const width = Math.min(BAR_WIDTH, room - words.length - 1)
      const line = width < LEAST_WIDTH ? words : `${barOf(done, total, width)} ${words}`
      stream.write(`\r\u001b[2K${line.slice(0, room)}`)
      isShown = true
    },
    end() {
      if (isShown) stream.write('\r\u001b[2K')
      isShown = false
      startedMs = null
      shownMs = Number.NEGATIVE_INFINITY
    },
  }
}

/** Progress for a log that programs read: each line becomes a log event, since nothing else may be written there. */
export const loggedProgress = (say: (line: string) => void, now?: () => number): Progress =>
  createProgress({ write: (line) => say(line.trimEnd()) }, undefined, now)

function timeLeft(done: number, total: number, elapsedMs: number): string {
  // Too early for an estimate.
  if (done <= 0 || done >= total || done < TELLING_SHARE * total || elapsedMs < 1000) return ''
  return `, ${duration((elapsedMs * (total - done)) / done)} left`
}

function barOf(done: number, total: number, width: number): string {
  const full = total > 0 ? Math.min(width, Math.round((width * done) / total)) : 0
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`
}
