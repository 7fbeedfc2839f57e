import { readFileSync } from 'node:fs'
import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  printSchema,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { schema } from '../../src/schema/index.ts'

describe('the schema', () => {
  it('is committed as schema.graphql (npm run schema writes it)', () => {
    expect(`${printSchema(schema)}\n`).toBe(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'))
  })

  it('explains every type, field, argument and value', () => {
    const types = Object.values(schema.getTypeMap()).filter(
      (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
    )
    expect(types.length).toBeGreaterThan(20)
    expect(types.flatMap((type) => unexplained(type, (text) => /[.!?)]$/.test(text.trim())))).toEqual([])
  })

  it('explains each of them by itself: GraphiQL shows a field without its neighbours', () => {
    const leans =
      /^(How many of them|How many these|Their |Whether it is\.|Which of the two\.|Milliseconds in which they)/
    const types = Object.values(schema.getTypeMap()).filter(
      (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
    )
    expect(types.flatMap((type) => unexplained(type, (text) => !leans.test(text)))).toEqual([])
  })

  it('says of everything that may be null when it is', () => {
    const silent = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) && !isIntrospectionType(type)
        ? Object.values(type.getFields())
            .filter((field) => !isNonNullType(field.type) && !/\bnull\b/i.test(field.description ?? ''))
            .map((field) => `${type.name}.${field.name}`)
        : [],
    )
    expect(silent).toEqual([])
  })
})

/** Members without a description, or with one that does not satisfy `does`. */
function unexplained(type: GraphQLNamedType, does: (description: string) => boolean): string[] {
  const missing: string[] = []
  const check = (name: string, { description }: { description?: string | null | undefined }) => {
    if (!description || !does(description)) missing.push(name)
  }
  check(type.name, type)
  if (isEnumType(type)) for (const value of type.getValues()) check(`${type.name}.${value.name}`, value)
  if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) check(`${type.name}.${field.name}`, field)
  }
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      check(`${type.name}.${field.name}`, field)
      for (const arg of field.args) check(`${type.name}.${field.name}(${arg.name})`, arg)
    }
  }
  return missing
}
