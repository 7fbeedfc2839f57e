/** How far long work has come: a bar on a terminal, a line now and then in a pipe. */
import { duration, group } from './figures.ts'

export interface Progress {
  update: (done: number, total: number, phase: string) => void
  /** Removes the bar; what comes next stands in its place, and other work may begin. */
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
/** From this share of the work on it is told how long the rest will take: what comes first is seldom like the rest. */
const TELLING_SHARE = 0.02

/** @param terminal its kind, as `TERM` names it: one that is "dumb" would show the codes that draw a bar */
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
      // Short work is not worth a line in a pipe.
      if (!isBar && shownMs === Number.NEGATIVE_INFINITY && atMs - startedMs < LINE_EVERY_MS) return
      shownMs = atMs
      const counts = total > 0 ? ` ${group(done)} of ${group(total)}${timeLeft(done, total, atMs - startedMs)}` : ''
      const words = `${phase}${counts}`
      if (!isBar) return void stream.write(`${words}\n`)
      // Some terminals do not tell their width. Where one is narrow, the figures say more than the bar.
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

/** Where each line is an event of a log that programs read: nothing else may stand there. */
export const loggedProgress = (say: (line: string) => void, now?: () => number): Progress =>
  createProgress({ write: (line) => say(line.trimEnd()) }, undefined, now)

function timeLeft(done: number, total: number, elapsedMs: number): string {
  // The first moments say little about the rest.
  if (done <= 0 || done >= total || done < TELLING_SHARE * total || elapsedMs < 1000) return ''
  return `, ${duration((elapsedMs * (total - done)) / done)} left`
}

function barOf(done: number, total: number, width: number): string {
  const full = total > 0 ? Math.min(width, Math.round((width * done) / total)) : 0
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`
}
