/**
 * The connection over which changes come. It is made before anything is asked for, so that nothing is stored between an
 * answer and the first change that is told; what it tells before somebody listens waits for whoever does.
 */
import { ChangesDocument, type ChangesSubscription, subscribe } from 'delegraph/client'
import { codeOf, ENDPOINT } from './ask.ts'
import { currentToken, tokenRefused } from './token.ts'
import { waitForServer } from './wait.ts'

export type Change = ChangesSubscription['changes']

interface Listener {
  onChange: (change: Change) => void
  onConnected: (resumed: boolean) => void
  onLost: () => void
  /** The server answers, and will not tell: it would not the next time, either. */
  onRefused: () => void
}

interface Feed {
  /** Gives what ends the connection. */
  listen: (listener: Listener) => () => void
}

let early: Feed | null = null

export function expectChanges(): void {
  early = openFeed()
}

export function followChanges(listener: Listener): () => void {
  const feed = early ?? openFeed()
  early = null
  return feed.listen(listener)
}

function openFeed(): Feed {
  const ending = new AbortController()
  const untold: ((listener: Listener) => void)[] = []
  let listener: Listener | null = null
  const tell = (what: (listener: Listener) => void) => {
    if (listener === null) untold.push(what)
    else what(listener)
  }
  const read = async (token: string | null) => {
    const options = {
      url: ENDPOINT,
      ...(token === null ? {} : { token }),
      signal: ending.signal,
      onConnected: (resumed: boolean) => tell(({ onConnected }) => onConnected(resumed)),
      onLost: () => tell(({ onLost }) => onLost()),
      pause: waitForServer,
    }
    for await (const { changes } of subscribe(ChangesDocument, {}, options)) tell(({ onChange }) => onChange(changes))
  }
  const feed: Feed = {
    listen(given) {
      listener = given
      for (const what of untold.splice(0)) what(given)
      return () => ending.abort()
    },
  }
  const readWith = async (token: string | null): Promise<void> => {
    try {
      await read(token)
    } catch (error) {
      // A delegraph that was started again may ask for a token, or for another one.
      if (codeOf(error) !== 'UNAUTHENTICATED') throw error
      tokenRefused(token)
      const given = currentToken()
      if (given === token) throw error
      await readWith(given)
    }
  }
  readWith(currentToken()).catch(() => {
    // A refusal, for want of a token perhaps: whoever comes later tries again.
    if (early === feed) early = null
    if (!ending.signal.aborted) tell(({ onRefused }) => onRefused())
  })
  return feed
}
