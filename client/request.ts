import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core'

export interface RequestOptions {
  /** Of the GraphQL endpoint, such as `http://127.0.0.1:4000/graphql`. */
  url: string | URL
  /** Where delegraph was started with `--token`. */
  token?: string | undefined
  /** Another `fetch` than the global one. */
  fetch?: typeof fetch | undefined
  /** Ends the request early. */
  signal?: AbortSignal | undefined
}

/** One of the errors of an answer, as GraphQL has it. */
export interface GraphQLFailure {
  message: string
  path?: readonly (string | number)[]
  extensions?: { code?: string; [detail: string]: unknown }
}

/** The answer has errors, or is no answer of a GraphQL server's at all. */
export class RequestError extends Error {
  readonly status: number
  readonly errors: readonly GraphQLFailure[]
  /** What was answered in spite of the errors. */
  readonly data: unknown

  constructor(status: number, errors: readonly GraphQLFailure[], data: unknown = null) {
    super(errors.map((error) => error.message).join('\n'))
    this.name = 'RequestError'
    this.status = status
    this.errors = errors
    this.data = data
  }
}

/** A document of the client's, or one of your own made the same way; or a text. One that is parsed has a `kind`. */
export type TypedDocument<Result, Variables> = DocumentTypeDecoration<Result, Variables> & {
  toString(): string
  kind?: never
}

/** Sends an operation and gives its data. Throws a `RequestError` when the answer has errors. */
export async function request<Result, Variables>(
  document: TypedDocument<Result, Variables>,
  // The document alone says what they are: what is given here would widen them to take any name beside the right ones.
  variables: NoInfer<Variables>,
  { url, token, fetch: send = fetch, signal }: RequestOptions,
): Promise<Result> {
  const response = await send(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query: textOf(document), variables }),
    ...(signal === undefined ? {} : { signal }),
  })
  // Decoded at once: `text()` would put a long answer together piece by piece, which holds a page for longer.
  const text = new TextDecoder().decode(await response.arrayBuffer())
  const answer = parse<Result>(text)
  if (answer?.errors?.length || answer?.data === undefined || answer.data === null) {
    throw refusalOf(response.status, text, answer)
  }
  return answer.data
}

/** Whoever has no compiler to say so is told here of a document that is parsed, of which the server would see nothing. */
export function textOf(document: { toString(): string }): string {
  const text = document.toString()
  if (!text.startsWith('[object ')) return text
  throw new TypeError(
    'A document is sent as its text: print one that is parsed, or have codegen write text (documentMode: "string").',
  )
}

/** What was answered instead of what was asked for. */
export function refusalOf(status: number, text: string, answer = parse(text)): RequestError {
  if (answer?.errors?.length) return new RequestError(status, answer.errors, answer.data)
  return new RequestError(status, [{ message: `No answer of GraphQL's (${status}): ${text.slice(0, 200)}` }])
}

/** The documents' types are those of the schema that they were generated from, so the data is taken at its word. */
function parse<Result = unknown>(text: string): { data?: Result | null; errors?: GraphQLFailure[] } | null {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
