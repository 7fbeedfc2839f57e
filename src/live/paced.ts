/**
 * A rate-limited stream of values for one subscriber. Nothing is buffered: values are taken when the subscriber asks
 * for the next one, so a subscriber that does not ask costs nothing, for however long.
 */

export interface Paced<T> {
  values: AsyncIterableIterator<T>
  /** Tells the stream that there may be something to take. */
  wake(): void
  end(): void
}

interface PacedOptions<T> {
  /** Gives what has accumulated since the last call; null for nothing. */
  take: () => T | null
  /** Pause after a value, in milliseconds. */
  pauseMs: (value: T) => number
  onEnd: () => void
}

const DONE = { done: true, value: undefined } as const

export function paced<T>({ take, pauseMs, onEnd }: PacedOptions<T>): Paced<T> {
  const asking: ((result: IteratorResult<T>) => void)[] = []
  let notBefore = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let hasEnded = false

  const give = (): void => {
    while (asking.length > 0 && timer === undefined) {
      const early = notBefore - performance.now()
      if (early > 0) {
        timer = setTimeout(() => {
          timer = undefined
          give()
        }, early)
        return
      }
      const value = take()
      if (value === null) return
      notBefore = performance.now() + pauseMs(value)
      asking.shift()?.({ done: false, value })
    }
  }
  const end = (): void => {
    if (hasEnded) return
    hasEnded = true
    clearTimeout(timer)
    for (const resolve of asking.splice(0)) resolve(DONE)
    onEnd()
  }
  return {
    wake: give,
    end,
    values: {
      next: () =>
        new Promise((resolve) => {
          if (hasEnded) return resolve(DONE)
          asking.push(resolve)
          give()
        }),
      return: async () => {
        end()
        return DONE
      },
      throw: async (error) => {
        end()
        throw error
      },
      [Symbol.asyncIterator]() {
        return this
      },
    },
  }
}
