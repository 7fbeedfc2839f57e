import { readFileSync } from 'node:fs'
import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
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
    expect(types.flatMap(unexplained)).toEqual([])
  })
})

function unexplained(type: GraphQLNamedType): string[] {
  const missing: string[] = []
  const check = (name: string, { description }: { description?: string | null | undefined }) => {
    if (!description || !/[.!?)]$/.test(description.trim())) missing.push(name)
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
