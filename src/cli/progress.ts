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

export function createProgress(stream: Stream, now: () => number = Date.now): Progress {
  const isBar = stream.isTTY === true
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
      const counts = `${phase} ${group(done)} of ${group(total)}${timeLeft(done, total, atMs - startedMs)}`
      if (!isBar) return void stream.write(`${counts}\n`)
      const full = total > 0 ? Math.min(BAR_WIDTH, Math.round((BAR_WIDTH * done) / total)) : 0
      const line = `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${counts}`
      stream.write(`\r\u001b[2K${line.slice(0, Math.max(20, (stream.columns ?? 80) - 1))}`)
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

function timeLeft(done: number, total: number, elapsedMs: number): string {
  // The first moments say little about the rest.
  if (done <= 0 || done >= total || elapsedMs < 1000) return ''
  return `, ${duration((elapsedMs * (total - done)) / done)} left`
}
