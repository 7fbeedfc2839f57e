import { GraphQLError, Kind } from 'graphql'
import { builder } from './builder.ts'

/** `2026-11-24T10:00Z`, seconds and up to nine digits of a fraction if wanted, with `Z` or an offset. */
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/
const DATE = /^\d{4}-\d{2}-\d{2}$/

/** UTC milliseconds of an ISO 8601 text. A bare date is midnight UTC. */
export function parseDateTime(value: unknown): number {
  if (typeof value === 'string' && (ISO.test(value) || DATE.test(value))) {
    const ms = Date.parse(value)
    // Date.parse moves 31 February into March; the day that it gives back must be the one that was written.
    const [year, month, day] = value.slice(0, 10).split('-').map(Number)
    const written = new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1))
    if (!Number.isNaN(ms) && written.getUTCDate() === day && written.getUTCMonth() + 1 === month) return ms
  }
  throw badScalar(
    `${JSON.stringify(value)} is no DateTime. Write ISO 8601 with a time zone, such as "2026-11-24T10:00:00.000Z", or a date in UTC, such as "2026-11-24".`,
  )
}

export function parseSafeInt(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw badScalar(`${JSON.stringify(value)} is no SafeInt. Write an integer between -(2^53 - 1) and 2^53 - 1.`)
}

builder.scalarType('DateTime', {
  description:
    'A moment, as ISO 8601 text in UTC with milliseconds: `"2026-11-24T10:00:00.000Z"`. As input an offset (`+02:00`) or a bare date (midnight UTC) is taken as well.',
  serialize: (ms) => new Date(ms).toISOString(),
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(node.kind === Kind.STRING ? node.value : 'value' in node ? node.value : null),
})

builder.scalarType('SafeInt', {
  description:
    'A whole number as a JSON number, exact up to 2^53 - 1 in either direction. Token counts outgrow the 32 bits of `Int`.',
  serialize: parseSafeInt,
  parseValue: parseSafeInt,
  parseLiteral: (node) =>
    parseSafeInt(node.kind === Kind.INT ? Number(node.value) : 'value' in node ? node.value : null),
})

function badScalar(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })
}
