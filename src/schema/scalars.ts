import { GraphQLError, Kind, type ValueNode } from 'graphql'
import { builder } from './builder.ts'

/** `2026-11-24T10:00Z`: seconds and a fraction of up to nine digits are optional; `Z` or an offset is required. */
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/
const DATE = /^\d{4}-\d{2}-\d{2}$/

/**
 * Parses an ISO 8601 text into UTC milliseconds; a bare date is midnight UTC.
 *
 * @param written the literal in the query, if it is one, for the location of the error
 * @throws GraphQLError `BAD_USER_INPUT`
 */
function parseDateTime(value: unknown, written?: ValueNode): number {
  if (typeof value === 'string' && (ISO.test(value) || DATE.test(value))) {
    const ms = Date.parse(value)
    // Date.parse turns 31 February into a day in March, so month and day must survive a round trip.
    const [year, month, day] = value.slice(0, 10).split('-').map(Number)
    const midnight = new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1))
    if (!Number.isNaN(ms) && midnight.getUTCDate() === day && midnight.getUTCMonth() + 1 === month) return ms
  }
  throw badScalar(
    `${JSON.stringify(value)} is not a DateTime. Write ISO 8601 with a time zone, such as "2026-11-24T10:00:00.000Z", or a date in UTC, such as "2026-11-24".`,
    written,
  )
}

function parseSafeInt(value: unknown, written?: ValueNode): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw badScalar(
    `${JSON.stringify(value)} is not a SafeInt. Write an integer between -(2^53 - 1) and 2^53 - 1.`,
    written,
  )
}

builder.scalarType('DateTime', {
  description:
    'A point in time, as ISO 8601 text in UTC with milliseconds: `"2026-11-24T10:00:00.000Z"`. As input, an offset (`+02:00`) or a bare date (midnight UTC) is accepted as well.',
  serialize: (ms) => new Date(ms).toISOString(),
  parseValue: (value) => parseDateTime(value),
  parseLiteral: (node) => parseDateTime('value' in node ? node.value : null, node),
})

builder.scalarType('SafeInt', {
  description:
    'A whole number as a JSON number, exact up to 2^53 - 1 in either direction. Token counts can exceed the 32 bits of `Int`.',
  serialize: (value) => parseSafeInt(value),
  parseValue: (value) => parseSafeInt(value),
  parseLiteral: (node) =>
    parseSafeInt(node.kind === Kind.INT ? Number(node.value) : 'value' in node ? node.value : null, node),
})

function badScalar(message: string, written?: ValueNode): GraphQLError {
  return new GraphQLError(message, { nodes: written ?? null, extensions: { code: 'BAD_USER_INPUT' } })
}
