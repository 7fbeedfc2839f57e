/** The schema must contain all of the contract that the API was promised to keep. */
import { readFileSync } from 'node:fs'
import { buildSchema, findBreakingChanges } from 'graphql'
import { expect, it } from 'vitest'
import { schema } from '../../src/schema/index.ts'

it('breaks nothing of the contract', () => {
  const contract = buildSchema(readFileSync(new URL('contract.graphql', import.meta.url), 'utf8'))
  expect(findBreakingChanges(contract, schema)).toEqual([])
})
