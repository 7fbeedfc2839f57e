/** Sends a query or mutation over HTTP with `fetch`; works in browsers and in Node. */
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core'

export interface RequestOptions {
  /** The GraphQL endpoint, such as `http://127.0.0.1:4000/graphql`. */
  url: string | URL
  /** The token, if delegraph was started with `--token`. */
  token?: string | undefined
  /** Replaces the global `fetch`. */
  fetch?: typeof fetch | undefined
  /** Aborts the request. */
  signal?: AbortSignal | undefined
}

/** One entry of `errors` in a GraphQL response. */
export interface GraphQLFailure {
  message: string
  path?: readonly (string | number)[]
  extensions?: { code?: string; [detail: string]: unknown }
}

/** The response contains errors, or is not a GraphQL response at all. */
export class RequestError extends Error {
  readonly status: number
  readonly errors: readonly GraphQLFailure[]
  /** The partial data that came with the errors; null if there is none. */
  readonly data: unknown

  constructor(status: number, errors: readonly GraphQLFailure[], data: unknown = null) {
    super(errors.map((error) => error.message).join('\n'))
    this.name = 'RequestError'
    this.status = status
    this.errors = errors
    this.data = data
  }
}

/**
 * A document that turns into its text: one of this client's, or one that codegen makes with `documentMode: "string"`.
 * `kind` excludes parsed documents (a `DocumentNode`).
 */
export type TypedDocument<Result, Variables> = DocumentTypeDecoration<Result, Variables> & {
  toString(): string
  kind?: never
}

/**
 * Sends an operation and returns its data.
 *
 * @throws RequestError if the response contains errors or is not a GraphQL response
 * @throws TypeError if the document is a parsed one; from `fetch` if the server cannot be reached
 */
export async function request<Result, Variables>(
  document: TypedDocument<Result, Variables>,
  // NoInfer: only the document determines the type. Inferred from the argument as well, it would accept unknown names.
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
  // Decoded in one go: `text()` decodes a long response in pieces, which blocks a page's main thread for longer.
  const text = new TextDecoder().decode(await response.arrayBuffer())
  const answer = parse<Result>(text)
  if (answer?.errors?.length || answer?.data === undefined || answer.data === null) {
    throw refusalOf(response.status, text, answer)
  }
  return answer.data
}

/** The text of a document. Throws a TypeError for a parsed one, which the types exclude but JavaScript does not. */
export function textOf(document: { toString(): string }): string {
  const text = document.toString()
  if (!text.startsWith('[object ')) return text
  throw new TypeError(
    'A document is sent as its text: print one that is parsed, or have codegen write text (documentMode: "string").',
  )
}

/** The error for a response that has errors, or that is not a GraphQL response. */
export function refusalOf(status: number, text: string, answer = parse(text)): RequestError {
  if (answer?.errors?.length) return new RequestError(status, answer.errors, answer.data)
  return new RequestError(status, [{ message: `Not a GraphQL response (${status}): ${text.slice(0, 200)}` }])
}

/** Null if the text is not JSON. The data is not validated: the documents' types come from the schema itself. */
function parse<Result = unknown>(text: string): { data?: Result | null; errors?: GraphQLFailure[] } | null {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
