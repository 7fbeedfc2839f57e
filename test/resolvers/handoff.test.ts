/** What a delegation passed on, also for prompts of any length. */
import { applyPatch } from 'diff'
import fc from 'fast-check'
import { graphql } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createContext } from '../../src/resolvers/context.ts'
import { handoffOf } from '../../src/resolvers/handoff.ts'
import { schema } from '../../src/schema/index.ts'
import { cases } from '../cases.ts'
import { fakeStore } from '../fake-store.ts'
import { makeForest, START_MS } from '../forest.ts'
import { servicesFor } from '../services.ts'

describe('a handoff', () => {
  it('says how much of the prompt reappears, and what is different', () => {
    expect(
      handoffOf('Fix the login page.\nThen test it.\n', 'Fix the login page.\nUse vitest.\nThen test it.\n'),
    ).toEqual({
      similarity: 1,
      addedLines: 1,
      removedLines: 0,
      diff: '--- caller\n+++ called\n@@ -1,2 +1,3 @@\n Fix the login page.\n+Use vitest.\n Then test it.\n',
    })
    expect(handoffOf('the same', 'the same')).toEqual({ similarity: 1, addedLines: 0, removedLines: 0, diff: '' })
  })

  it('counts words that stand together, whatever their case and punctuation', () => {
    const share = (given: string, passed: string) => handoffOf(given, passed).similarity
    expect(share('Vérifie la fonction de connexion', '« vérifie LA fonction »')).toBe(3 / 5)
    expect(share('a b c d e f', 'd e f a b c')).toBe(1)
    expect(share('a b c d e', 'x b c d y')).toBe(3 / 5)
    expect(share('the end of the day', 'of all the days the end')).toBe(0)
    expect(share('two words', 'in two words')).toBe(1)
    expect(share('', '')).toBe(1)
    expect(share('', 'anything')).toBe(0)
    expect(share('anything', '')).toBe(0)
  })

  it('gives a diff that makes one prompt from the other, whatever they are', () => {
    const line = fc.constantFrom('a', 'b', 'c', '', '-', '+x', '\\ No newline at end of file', '@@ -1,1 +1,1 @@', 'é\r')
    const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join('\n'))
    const long = fc.array(line, { minLength: 300, maxLength: 500 }).map((lines) => lines.join('\n'))
    fc.assert(
      fc.property(fc.oneof(text, long), fc.oneof(text, long), (given, passed) => {
        const { diff, addedLines, removedLines, similarity } = handoffOf(given, passed)
        expect(similarity).toBeGreaterThanOrEqual(0)
        expect(similarity).toBeLessThanOrEqual(1)
        if (given === passed) {
          expect(diff).toBe('')
          return
        }
        expect(applyPatch(given, diff, { autoConvertLineEndings: false })).toBe(passed)
        const lines = (of: string) => of.split('\n').length - (of === '' || of.endsWith('\n') ? 1 : 0)
        expect(lines(passed) - lines(given)).toBe(addedLines - removedLines)
      }),
      { numRuns: cases(300) },
    )
  })

  it('replaces everything where too much differs', () => {
    const given = Array.from({ length: 1000 }, (_, i) => `old ${i}`).join('\n')
    const passed = Array.from({ length: 900 }, (_, i) => `new ${i}`).join('\n')
    const { diff, addedLines, removedLines } = handoffOf(given, passed)
    expect([addedLines, removedLines]).toEqual([900, 1000])
    expect(applyPatch(given, diff)).toBe(passed)
  })

  it('compares the beginning of prompts of a megabyte, and lets others have their turn', async () => {
    const words = (salt: number) =>
      Array.from({ length: 170_000 }, (_, i) => `w${(i * salt) % 9973}${i % 9 === 0 ? '\n' : ''}`).join(' ')
    const [given, passed] = [words(7919), words(6007)]
    expect(given.length).toBeGreaterThan(1_000_000)
    const calls = Array.from({ length: 30 }, () => ({ agent: 'tester', with: { promptInput: passed } }))
    const store = fakeStore(
      makeForest([{ id: 'big', turns: [{ agent: 'build', with: { promptInput: given }, calls }] }]),
    )
    let turns = 0
    let isDone = false
    const turn = () => {
      turns += 1
      if (!isDone) setImmediate(turn)
    }
    const source = '{ traces(first: 50) { nodes { handoff { similarity diff } } } }'
    const answer = graphql({ schema, source, contextValue: createContext(servicesFor(store), START_MS) })
    turn()
    const { data, errors } = await answer
    isDone = true
    expect(errors).toBeUndefined()
    expect(JSON.stringify(data).match(/similarity/g)).toHaveLength(30)
    expect(turns).toBeGreaterThan(30)
  })
})

it('is read for a page of traces in two statements, and is null for a turn', async () => {
  const store = fakeStore(
    makeForest([{ id: 'one', turns: [{ agent: 'build', calls: [{ agent: 'tester' }, { agent: 'explore' }] }] }]),
  )
  const source = '{ traces(first: 50) { nodes { parentId handoff { addedLines } } } }'
  const { data } = await graphql({ schema, source, contextValue: createContext(servicesFor(store), START_MS) })
  const nodes = Object(data).traces.nodes
  for (const { parentId, handoff } of nodes) expect(handoff === null).toBe(parentId === null)
  expect(store.calls.map(({ method }) => method)).toEqual(['pageTraces', 'getTraceDetails'])
})
