/**
 * The subscription to changes. It is opened before the first query, so that no change is missed between an answer and
 * the start of the subscription. Events that arrive before there is a listener are queued for it.
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
  /** The server refused the subscription; it is not retried. */
  onRefused: () => void
}

interface Feed {
  /** Returns a function that closes the connection. */
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
      // A restarted delegraph may require a token, or another one.
      if (codeOf(error) !== 'UNAUTHENTICATED') throw error
      tokenRefused(token)
      const given = currentToken()
      if (given === token) throw error
      await readWith(given)
    }
  }
  readWith(currentToken()).catch(() => {
    // Refused, perhaps for lack of a token: the next `followChanges` opens a new connection.
    if (early === feed) early = null
    if (!ending.signal.aborted) tell(({ onRefused }) => onRefused())
  })
  return feed
}
