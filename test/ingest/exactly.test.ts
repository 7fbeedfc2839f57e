import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { exactly } from '../../src/ingest/opencode/exactly.ts'
import { cases } from '../cases.ts'

const wellFormed = z.string().refine((s) => s.isWellFormed())
/** Every kind of schema that the models of OpenCode's records use. */
const of = (text: z.ZodType<string>) =>
  z.object({
    id: text,
    role: z.enum(['user', 'assistant']),
    count: z.int().min(0),
    time: z.int().min(0).max(1000),
    cost: z.number().min(0).nullish(),
    flag: z.boolean().nullish(),
    tokens: z.object({ input: z.int().min(0).nullish() }).nullish(),
    list: z.array(z.object({ id: text.nullish() }).nullish()).nullish(),
    summary: z.unknown().optional(),
  })
const isExact = exactly(of(z.string()))

const valid = { id: 'a', role: 'user', count: 1, time: 2 }

describe('exactly', () => {
  it('says what zod says, of any value in any place', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('user', 'assistant', '\ud800'))
    const number = fc.oneof(
      fc.integer({ min: -2, max: 1002 }),
      fc.double(),
      fc.constantFrom(2 ** 53, 1.5, -0, Number.POSITIVE_INFINITY),
    )
    const any = fc.oneof(text, number, fc.boolean(), fc.constantFrom(null, undefined, [], {}))
    /** Mostly valid values, so that an invalid one is usually the only one in its record. */
    const mostly = <T>(right: fc.Arbitrary<T>) =>
      fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: any })
    const record = fc.record(
      {
        id: mostly(fc.string()),
        role: mostly(fc.constantFrom('user', 'assistant')),
        count: mostly(fc.nat()),
        time: mostly(fc.nat(1000)),
        cost: mostly(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })),
        flag: mostly(fc.boolean()),
        tokens: mostly(fc.record({ input: mostly(fc.nat()) }, { requiredKeys: [] })),
        list: mostly(fc.array(mostly(fc.record({ id: mostly(fc.string()) }, { requiredKeys: [] })))),
        summary: any,
        unknown: any,
      },
      { requiredKeys: [] },
    )
    const model = of(wellFormed)
    let taken = 0
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: record }, { weight: 1, arbitrary: any }), (value) => {
        const isRight = model.safeParse(value).success
        taken += Number(isRight)
        expect(isExact(value)).toBe(isRight)
      }),
      { numRuns: cases(5000) },
    )
    expect(taken).toBeGreaterThan(0)
  })

  it('takes keys that the model does not name, and none from the prototype of all objects', () => {
    expect(isExact({ ...valid, more: 1 })).toBe(true)
    expect(isExact(JSON.parse('{"__proto__":{"id":"a","role":"user","count":1,"time":2}}'))).toBe(false)
  })

  it('takes no list for an object', () => {
    expect(isExact(Object.assign([], valid))).toBe(false)
  })

  it('refuses a kind of model that it does not know, before anything is read', () => {
    expect(() => exactly(z.object({ when: z.date() }))).toThrow('no exact check is known for a ZodDate')
  })
})
