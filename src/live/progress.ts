/** Tells subscribers how far reading has come: always the latest state, at most ten times a second. */
import type { IngestProgress, LiveService } from '../resolvers/context.ts'
import { type Paced, paced } from './paced.ts'

const EVERY_MS = 100

export interface ProgressFeed {
  progress: LiveService['progress']
  publish: (progress: IngestProgress) => void
  close: () => void
}

export function createProgressFeed(): ProgressFeed {
  let latest: IngestProgress | null = null
  let closed = false
  const subscribers = new Set<Paced<IngestProgress>>()
  return {
    progress() {
      // A subscriber that joins during a reading gets the current state at once.
      let taken: IngestProgress | null = latest?.phase === 'done' ? latest : null
      const subscriber = paced<IngestProgress>({
        take: () => {
          if (latest === taken) return null
          taken = latest
          return taken
        },
        pauseMs: () => EVERY_MS,
        onEnd: () => subscribers.delete(subscriber),
      })
      subscribers.add(subscriber)
      if (closed) subscriber.end()
      return subscriber.values
    },
    publish(progress) {
      latest = progress
      for (const subscriber of subscribers) subscriber.wake()
    },
    close() {
      closed = true
      for (const subscriber of [...subscribers]) subscriber.end()
    },
  }
}
