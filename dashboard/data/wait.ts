/** How the page waits for a server that is away: no longer than until something says that it may be back. */

/** From one attempt to the next at the least: one that ends at once, again and again, is not made without a pause. */
const LEAST_MS = 500

const waiting = new Set<() => void>()

/** Whoever waits for the server tries now. */
export function mayBeBack(): void {
  for (const tryNow of waiting) tryNow()
}

window.addEventListener('online', mayBeBack)
// Timers of a page that nobody looks at go slowly.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) mayBeBack()
})

/** So long, unless the server may be back sooner, or `signal` ends it. */
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
