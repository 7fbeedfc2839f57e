/**
 * Checks whether a value is exactly what a zod schema describes, without the copy that zod makes of everything. Most of
 * what OpenCode writes is, and this check takes a tenth of the time of zod's parsing, which handles the rest.
 */
import { z } from 'zod'

/** Whether the schema accepts the value unchanged. Keys that the schema does not name may hold anything. */
type IsExact<T> = (value: unknown) => value is T

/** @throws Error for an unsupported kind of schema: when the check is built, never while something is read */
export function exactly<T>(model: z.ZodType<T>): IsExact<T> {
  const check = checkOf(model)
  return (value): value is T => check(value)
}

type Check = (value: unknown) => boolean

function checkOf(model: unknown): Check {
  if (model instanceof z.ZodObject)
    return objectCheck(Object.entries(model.shape).map(([key, of]) => [key, checkOf(of)]))
  if (model instanceof z.ZodArray) {
    const element = checkOf(model.element)
    return (value) => Array.isArray(value) && value.every(element)
  }
  if (model instanceof z.ZodOptional) {
    const inner = checkOf(model.unwrap())
    return (value) => value === undefined || inner(value)
  }
  if (model instanceof z.ZodNullable) {
    const inner = checkOf(model.unwrap())
    return (value) => value === null || inner(value)
  }
  if (model instanceof z.ZodEnum) {
    const options = new Set<unknown>(model.options)
    return (value) => options.has(value)
  }
  if (model instanceof z.ZodNumber) {
    const { minValue, maxValue, isInt } = model
    const [min, max] = [minValue ?? Number.NEGATIVE_INFINITY, maxValue ?? Number.POSITIVE_INFINITY]
    const isNumber = isInt ? Number.isSafeInteger : Number.isFinite
    return (value) => isNumber(value) && Number(value) >= min && Number(value) <= max
  }
  if (model instanceof z.ZodString) return (value) => typeof value === 'string' && value.isWellFormed()
  if (model instanceof z.ZodBoolean) return (value) => typeof value === 'boolean'
  if (model instanceof z.ZodUnknown) return () => true
  throw new Error(`no exact check is known for a ${Object(model).constructor.name}`)
}

function objectCheck(members: readonly (readonly [string, Check])[]): Check {
  return (value) => {
    if (!isObject(value)) return false
    for (const [key, check] of members) if (!check(value[key])) return false
    return true
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
