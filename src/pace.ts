/** Keeps long work in the main thread from blocking it: a loop over thousands checks now and then, and yields. */
export interface Pace {
  /** Whether it is time to rest. Cheap enough for every round of a loop. */
  isDue(): boolean
  rest(): Promise<void>
}

const TURN_MS = 8

/** Lets the event loop run: for use between pieces of work that take some milliseconds each. */
export const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** @param every check the clock only once in so many rounds */
export function createPace(every = 256): Pace {
  let since = performance.now()
  let rounds = 0
  return {
    isDue: () => ++rounds % every === 0 && performance.now() - since > TURN_MS,
    async rest() {
      await othersTurn()
      since = performance.now()
    },
  }
}

/** Resolves when the work does, or after `ms` milliseconds. Rejects if the work does before that. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
