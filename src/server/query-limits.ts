/**
 * Limits what one request may ask for. The shape of a document (tokens, depth, aliases, directives) is checked before
 * execution, its possible cost once the variables are known, and the length of the response when it is written. Every
 * refusal names the limit, its value, and the option that raises it.
 */
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  type ValidationRule,
  visit,
} from 'graphql'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'
import { flagOf, type QueryLimits } from '../config.ts'
import { DEFAULT_PAGE } from '../resolvers/page-args.ts'

export function useQueryLimits(limits: QueryLimits): Plugin {
  return {
    onRequest({ request, fetchAPI, endResponse }) {
      if (request.method !== 'POST') return
      const length = request.headers.get('content-length')
      if (length !== null && Number(length) <= limits.maxBody) return
      const error =
        length === null
          ? new GraphQLError('The length of the request is missing: send the header "Content-Length".', {
              extensions: { code: 'BAD_REQUEST' },
            })
          : refusal('maxBody', limits.maxBody, Number(length), 'bytes in its body')
      endResponse(fetchAPI.Response.json({ errors: [error.toJSON()] }, { status: length === null ? 411 : 413 }))
    },

    onParse({ setParseFn }) {
      setParseFn((source: Parameters<typeof parse>[0], options: Parameters<typeof parse>[1]) => {
        try {
          return parse(source, { ...options, maxTokens: limits.maxTokens })
        } catch (error) {
          if (isTooLong(error)) throw refusal('maxTokens', limits.maxTokens, null, 'tokens')
          // Nested so deeply that the parser's stack overflows.
          if (error instanceof RangeError) throw refusal('maxDepth', limits.maxDepth, null, 'levels')
          throw error
        }
      })
    },

    onValidate({ addValidationRule }) {
      addValidationRule(shapeRule(limits))
    },

    onExecute({ args, setResultAndStopExecution }) {
      const error = whyTooCostly(args, limits)
      if (error !== null) return void setResultAndStopExecution({ errors: [error] })
      return {
        onExecuteDone({ result, setResult }) {
          if (isAsyncIterable(result)) return
          const bounded: Written = { ...result, stringify: (of) => boundedJson(of, limits.maxResponse) }
          setResult(bounded)
        },
      }
    },

    onSubscribe({ args, setResultAndStopExecution }) {
      const error = whyTooCostly(args, limits)
      if (error !== null) setResultAndStopExecution({ errors: [error] })
    },
  }
}

/** graphql-js marks this error by its message only. */
const isTooLong = (error: unknown): boolean =>
  error instanceof GraphQLError && /^Syntax Error: Document contains more/.test(error.message)

function refusal(limit: keyof QueryLimits, most: number, found: number | null, what: string): GraphQLError {
  const option = flagOf(limit)
  const asked = found === null ? `more than ${most}` : String(found)
  return new GraphQLError(
    `The request is too large: it has ${asked} ${what}, and at most ${most} are allowed. Ask for less at once, or start delegraph with a higher ${option}.`,
    { extensions: { code: 'LIMIT_EXCEEDED', limit, value: most, option } },
  )
}

// ---------------------------------------------------------------- how long the answer is

/** A result with the function that yoga serialises it with. */
export interface Written extends ExecutionResult {
  stringify: (of: unknown) => string
}

/** The answer as JSON, or a refusal if that exceeds `maxResponse` bytes. One far too long is not serialised at all. */
export function boundedJson(answer: unknown, maxResponse: number): string {
  if (leastLengthOf(answer, maxResponse) <= maxResponse) {
    const text = JSON.stringify(answer)
    if (text.length <= maxResponse / 3 || Buffer.byteLength(text) <= maxResponse) return text
  }
  return JSON.stringify({ errors: [refusal('maxResponse', maxResponse, null, 'bytes in its response')] })
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** A lower bound of the JSON's length in bytes: no escapes, one byte per character. Stops counting beyond `enough`. */
function leastLengthOf(value: unknown, enough: number): number {
  if (typeof value === 'string') return value.length + 2
  if (!isObject(value)) return 1
  // Two brackets, and one comma fewer than there are values.
  let length = 1
  if (Array.isArray(value)) {
    for (const each of value) {
      length += 1 + leastLengthOf(each, enough - length)
      if (length > enough) return length
    }
    return length
  }
  // Not `Object.entries`: listing the fields of every object would cost as much as serialising it.
  for (const key in value) {
    length += key.length + 3 + leastLengthOf(value[key], enough - length)
    if (length > enough) return length
  }
  return length
}

// ---------------------------------------------------------------- what a document is

const shapeRule =
  (limits: QueryLimits): ValidationRule =>
  (context) => ({
    Document(document) {
      const counts = { aliases: 0, directives: 0 }
      visit(document, {
        Directive: () => void counts.directives++,
        Field: ({ alias }) => {
          if (alias !== undefined) counts.aliases++
        },
      })
      const found = [
        ['maxDepth', depthOf(document), 'levels'],
        ['maxAliases', counts.aliases, 'aliases'],
        ['maxDirectives', counts.directives, 'directives'],
      ] as const
      for (const [limit, count, what] of found) {
        if (count > limits[limit]) context.reportError(refusal(limit, limits[limit], count, what))
      }
    },
  })

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

const fragmentsOf = (document: DocumentNode): Fragments =>
  new Map(
    document.definitions.flatMap((d): [string, FragmentDefinitionNode][] =>
      d.kind === Kind.FRAGMENT_DEFINITION ? [[d.name.value, d]] : [],
    ),
  )

/** The greatest number of nested fields. Each fragment is measured once. */
function depthOf(document: DocumentNode): number {
  const fragments = fragmentsOf(document)
  const known = new Map<string, number>()
  const ofFragment = (name: string): number => {
    const before = known.get(name)
    if (before !== undefined) return before
    // A fragment that spreads itself is refused by another rule.
    known.set(name, 0)
    const fragment = fragments.get(name)
    const depth = fragment === undefined ? 0 : of(fragment.selectionSet)
    known.set(name, depth)
    return depth
  }
  const of = ({ selections }: SelectionSetNode): number => {
    let depth = 0
    for (const selection of selections) {
      const own =
        selection.kind === Kind.FIELD
          ? 1 + (selection.selectionSet === undefined ? 0 : of(selection.selectionSet))
          : selection.kind === Kind.FRAGMENT_SPREAD
            ? ofFragment(selection.name.value)
            : of(selection.selectionSet)
      if (own > depth) depth = own
    }
    return depth
  }
  return Math.max(
    0,
    ...document.definitions.map((d) => ('selectionSet' in d && d.selectionSet ? of(d.selectionSet) : 0)),
  )
}

// ---------------------------------------------------------------- what it may cost

function whyTooCostly(
  { document, operationName, variableValues }: ExecutionArgs,
  limits: QueryLimits,
): GraphQLError | null {
  const cost = costOf(document, operationName ?? null, variableValues ?? {})
  return cost > limits.maxCost ? refusal('maxCost', limits.maxCost, cost, 'values if all its pages are full') : null
}

/**
 * The number of values that the query would return if every page were full: each field counts as one, times the sizes
 * of the pages around it. Lists that belong to one object (a tree, the tool calls of a trace) count as one item, unless
 * the query asks for a page of them.
 */
function costOf(
  document: DocumentNode,
  operationName: string | null,
  variables: Readonly<Record<string, unknown>>,
): number {
  const operation = document.definitions.find(
    (d): d is OperationDefinitionNode =>
      d.kind === Kind.OPERATION_DEFINITION && (operationName === null || d.name?.value === operationName),
  )
  if (operation === undefined) return 0
  const fragments = fragmentsOf(document)
  const known = new Map<string, number>()
  const given = { ...defaultsOf(operation), ...variables }
  const of = ({ selections }: SelectionSetNode, isRoot: boolean): number => {
    let cost = 0
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const below = selection.selectionSet === undefined ? 0 : of(selection.selectionSet, false)
        cost +=
          1 +
          below *
            (pageOf(selection, given) ?? (isRoot && isPaged(selection.selectionSet, fragments) ? DEFAULT_PAGE : 1))
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        cost += of(selection.selectionSet, isRoot)
      } else {
        const name = selection.name.value
        const fragment = fragments.get(name)
        const before = known.get(name)
        const own = before ?? (fragment === undefined ? 0 : of(fragment.selectionSet, isRoot))
        known.set(name, own)
        cost += own
      }
    }
    return cost
  }
  return of(operation.selectionSet, true)
}

/** The variables' default values. Only integers matter: nothing else can be the size of a page. */
const defaultsOf = ({ variableDefinitions = [] }: OperationDefinitionNode): Record<string, number> =>
  Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
    ),
  )

/** Whether a selection is of a connection, judging by its fields. */
const isPaged = (selected: SelectionSetNode | undefined, fragments: Fragments): boolean =>
  selected?.selections.some((s) => {
    if (s.kind === Kind.FIELD) return /^(nodes|edges)$/.test(s.name.value)
    const within = s.kind === Kind.INLINE_FRAGMENT ? s : fragments.get(s.name.value)
    return isPaged(within?.selectionSet, fragments)
  }) ?? false

function pageOf(field: FieldNode, variables: Readonly<Record<string, unknown>>): number | null {
  for (const { name, value } of field.arguments ?? []) {
    if (name.value !== 'first' && name.value !== 'last') continue
    const size =
      value.kind === Kind.INT
        ? Number(value.value)
        : value.kind === Kind.VARIABLE
          ? variables[value.name.value]
          : undefined
    if (typeof size === 'number') return Math.max(0, size)
  }
  return null
}
