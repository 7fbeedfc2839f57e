import { RequestError, type RequestOptions, refusalOf, type TypedDocument, textOf } from './request.ts'

export interface SubscribeOptions extends RequestOptions {
  /**
   * Whenever a connection stands. `resumed`: nothing was missed since the last message. Otherwise what is there now is to
   * be asked for; from here on every change comes.
   */
  onConnected?: ((resumed: boolean) => void) | undefined
  /** Whenever there is none, before it is made again. */
  onLost?: (() => void) | undefined
  /**
   * In place of a timer, how a connection is waited for before it is made again: so many milliseconds, or less where
   * something tells that the server may be back; no longer than until the signal is aborted.
   */
  pause?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000
/** What a proxy answers while the server is being started again. */
const AWAY = [502, 503, 504]

/**
 * The messages of a subscription, until `signal` ends it or the loop is left. A connection that breaks is made again, and
 * goes on where it was. Throws a `RequestError` when the server refuses, a `TypeError` for what cannot be sent.
 */
export async function* subscribe<Result, Variables>(
  document: TypedDocument<Result, Variables>,
  variables: NoInfer<Variables>,
  { url, token, fetch: send = fetch, signal, onConnected, onLost, pause = timer }: SubscribeOptions,
): AsyncGenerator<Result, void, undefined> {
  let lastId: string | null = null
  let pauseMs = FIRST_PAUSE_MS
  const ending = new AbortController()
  const either = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal])
  const asked = () => ({
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(lastId === null ? {} : { 'last-event-id': lastId }),
    },
    body: JSON.stringify({ query: textOf(document), variables }),
    signal: either,
  })
  // What cannot be sent at all (an address that is none, a token that no header can hold) fails here, and not again and again.
  new Request(url, { ...asked(), signal: null })
  try {
    while (!either.aborted) {
      // None where the server is gone, or is being started again.
      const response = await send(url, asked()).catch(() => null)
      if (response !== null && AWAY.includes(response.status)) {
        // What nobody reads would hold its connection.
        await response.body?.cancel().catch(() => {})
      } else if (response !== null) {
        // Whatever else comes from there, it would come again and again.
        const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
        if (!response.ok || !isStream || response.body === null) {
          throw refusalOf(response.status, await response.text().catch(() => ''))
        }
        onConnected?.(lastId !== null)
        pauseMs = FIRST_PAUSE_MS
        for await (const { id, data } of eventsOf(response.body)) {
          const { errors, data: result = null } = JSON.parse(data)
          if (errors?.length) throw new RequestError(response.status, errors, result)
          if (id !== null) lastId = id
          yield result
        }
      }
      if (either.aborted) break
      onLost?.()
      await pause(pauseMs, either)
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    }
  } finally {
    ending.abort()
  }
}

/**
 * Until the connection breaks, the events `next` of https://html.spec.whatwg.org/multipage/server-sent-events.html, as far
 * as the server writes them.
 */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<{ id: string | null; data: string }> {
  const decoder = new TextDecoder()
  let text = ''
  const reader = body.getReader()
  const next = () => reader.read().catch(() => null)
  for (let piece = await next(); piece !== null && !piece.done; piece = await next()) {
    text += decoder.decode(piece.value, { stream: true })
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const fields = new Map(
        event.split('\n').map((line) => [line.slice(0, line.indexOf(':')), valueIn(line)] as const),
      )
      const data = fields.get('data')
      if (fields.get('event') === 'next' && data !== undefined) yield { id: fields.get('id') ?? null, data }
    }
  }
}

const valueIn = (line: string): string => line.slice(line.indexOf(':') + 1).replace(/^ /, '')

function timer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(waiting)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const waiting = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
