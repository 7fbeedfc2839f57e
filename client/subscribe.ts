/** Follows a subscription over SSE and reconnects. Uses `fetch`: `EventSource` can send neither a token nor a body. */
import { RequestError, type RequestOptions, refusalOf, type TypedDocument, textOf } from './request.ts'

export interface SubscribeOptions extends RequestOptions {
  /**
   * Called on each connection. If `resumed`, no message was missed since the last one. Otherwise query the current
   * state; every change from here on is delivered.
   */
  onConnected?: ((resumed: boolean) => void) | undefined
  /** Called when a connection is lost or cannot be made, before the next attempt. */
  onLost?: (() => void) | undefined
  /**
   * Replaces the timer between two attempts to connect. It resolves after `ms`, or earlier if the server may be back or
   * the signal is aborted.
   */
  pause?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000
/** HTTP statuses with which a proxy responds while the server restarts. */
const AWAY = [502, 503, 504]

/**
 * Yields the messages of a subscription over SSE until `signal` is aborted or the caller leaves the loop. A lost
 * connection is made again, and resumes where it was lost (`Last-Event-ID`).
 *
 * @throws RequestError if the server refuses the subscription, or a message has errors
 * @throws TypeError if the request cannot be sent: an invalid URL, token or document
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
  // A request that can never be sent (an invalid URL, a token that no header can hold) throws here, not in the loop.
  new Request(url, { ...asked(), signal: null })
  try {
    while (!either.aborted) {
      // Null if the server is down or restarting.
      const response = await send(url, asked()).catch(() => null)
      if (response !== null && AWAY.includes(response.status)) {
        // An unread body would keep its connection open.
        await response.body?.cancel().catch(() => {})
      } else if (response !== null) {
        // Any other response is final: a retry would get the same one.
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
 * Yields the `next` events of an SSE stream until the connection ends. It parses only the subset of
 * https://html.spec.whatwg.org/multipage/server-sent-events.html that the server writes.
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
