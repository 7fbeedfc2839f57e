/** Reads server-sent events from a response by hand. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http'

export interface ServerEvent {
  event: string
  id: string | null
  data: string
}

export interface EventStream {
  status: number
  headers: IncomingMessage['headers']
  response: IncomingMessage
  /** The next event; undefined at the end. */
  next(): Promise<ServerEvent | undefined>
  close(): void
}

export function openEvents(
  url: string,
  query: string,
  { headers = {}, method = 'POST' }: { headers?: Record<string, string>; method?: 'GET' | 'POST' } = {},
): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const target = new URL('/graphql', url)
    if (method === 'GET') target.searchParams.set('query', query)
    const sent: ClientRequest = request(target, {
      method,
      agent: false,
      headers: { accept: 'text/event-stream', ...(method === 'POST' ? JSON_TYPE : {}), ...headers },
    })
    sent.on('response', (response) => resolve(streamOf(response, sent)))
    sent.on('error', reject)
    sent.end(method === 'POST' ? JSON.stringify({ query }) : undefined)
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }

function streamOf(response: IncomingMessage, sent: ClientRequest): EventStream {
  const events = parse(response)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    response,
    next: async () => (await events.next()).value ?? undefined,
    close: () => void sent.destroy(),
  }
}

async function* parse(response: IncomingMessage): AsyncGenerator<ServerEvent, undefined> {
  let text = ''
  try {
    for await (const piece of response.setEncoding('utf8')) {
      const blocks = (text + piece).split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const lines = block.split('\n').filter((line) => !line.startsWith(':'))
        if (lines.length === 0) continue
        const field = (name: string) =>
          lines
            .find((line) => line.startsWith(`${name}:`))
            ?.slice(name.length + 1)
            .trim()
        yield { event: field('event') ?? 'message', id: field('id') ?? null, data: field('data') ?? '' }
      }
    }
  } catch {
    // The connection was closed by either side.
  }
  return undefined
}
