/** How the page waits for an unreachable server: for a given time, or until there is a sign that it may be back. */

/** The minimum time between two attempts, so that attempts that fail at once do not become a busy loop. */
const LEAST_MS = 500

const waiting = new Set<() => void>()

/** Ends all waits, so that the server is tried now. */
export function mayBeBack(): void {
  for (const tryNow of waiting) tryNow()
}

window.addEventListener('online', mayBeBack)
// Browsers throttle the timers of a hidden page.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) mayBeBack()
})

/** Waits `ms` milliseconds, or until the server may be back or `signal` is aborted. */
export function waitForServer(ms: number, signal: AbortSignal): Promise<void> {
  const startedMs = performance.now()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      waiting.delete(tryNow)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const tryNow = () => {
      const restMs = startedMs + LEAST_MS - performance.now()
      if (restMs <= 0) return end()
      clearTimeout(timer)
      timer = setTimeout(end, restMs)
    }
    let timer = setTimeout(end, ms)
    waiting.add(tryNow)
    signal.addEventListener('abort', end)
  })
}
