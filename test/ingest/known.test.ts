import fc from 'fast-check'
import { expect, it } from 'vitest'
import { KnownSessions } from '../../src/ingest/known.ts'
import type { Known } from '../../src/ingest/stamp.ts'

const SOURCES = ['db', 'files']

const known: fc.Arbitrary<Known> = fc
  .record({
    id: fc.constantFrom('a', 'b', 'c'),
    sourceId: fc.constantFrom(...SOURCES),
    unsettled: fc.boolean(),
    senseless: fc.boolean(),
    copiedFromMs: fc.option(fc.nat(9)),
    files: fc.nat(9),
    bytes: fc.nat(9),
    problemCount: fc.nat(2),
  })
  .map(({ id, problemCount, ...rest }) => ({
    ...rest,
    listed: { id, parentId: null, createdMs: 1, updatedMs: 1, mark: '', place: '' },
    signature: null,
    firstMs: null,
    lastActivityMs: 1,
    running: false,
    problems: Array.from({ length: problemCount }, () => ({ path: id, reason: 'damaged' })),
    problemCount,
    seenAtMs: 1,
    version: 1,
  }))

it('what is asked of all known sessions is what going through them would give', () => {
  const steps = fc.array(fc.oneof(known, fc.constantFrom('a', 'b', 'c')), { maxLength: 20 })
  fc.assert(
    fc.property(steps, (all) => {
      const sessions = new KnownSessions()
      const plain = new Map<string, Known>()
      for (const step of all) {
        if (typeof step === 'string') {
          sessions.delete(step)
          plain.delete(step)
        } else {
          sessions.set(step)
          plain.set(step.listed.id, step)
        }
      }
      const values = [...plain.values()]
      const sum = (of: readonly Known[], by: (known: Known) => number) => of.reduce((n, each) => n + by(each), 0)
      const idsOf = (of: readonly Known[]) => of.map((each) => each.listed.id).sort()
      expect(sessions.size).toBe(plain.size)
      expect(new Set(sessions.values())).toEqual(new Set(values))
      expect(sessions.problemCount).toBe(sum(values, (each) => each.problemCount))
      for (const source of SOURCES) {
        const own = values.filter((each) => each.sourceId === source)
        const [files, bytes] = [sum(own, (each) => each.files), sum(own, (each) => each.bytes)]
        expect(sessions.totalsOf(source)).toEqual({
          sessions: own.filter((each) => !each.senseless).length,
          files,
          bytes,
        })
      }
      expect(idsOf(sessions.allThat('unsettled'))).toEqual(idsOf(values.filter((each) => each.unsettled)))
      expect(idsOf(sessions.allThat('rejected'))).toEqual(idsOf(values.filter((each) => each.problems.length > 0)))
      expect(idsOf(sessions.allThat('forks'))).toEqual(idsOf(values.filter((each) => each.copiedFromMs !== null)))
    }),
  )
})
