import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePattern } from '../../src/pattern/parse.ts'
import { canonical } from '../../src/pattern/print.ts'
import type { Expression, PatternProblem } from '../../src/pattern/syntax.ts'
import { cases } from '../cases.ts'
import { patterns } from './patterns.ts'

function parsed(text: string): Expression {
  const result = parsePattern(text)
  if (!result.ok) throw new Error(`${text}: ${result.problem.message}`)
  return result.pattern
}

function problem(text: string): PatternProblem {
  const result = parsePattern(text)
  if (result.ok) throw new Error(`${text} is a pattern: ${canonical(result.pattern)}`)
  return result.problem
}

const written = (text: string): string => canonical(parsed(text))

describe('what is written', () => {
  test.each([
    ['tester->refactoring', 'tester -> refactoring'],
    ['tester → refactoring', 'tester -> refactoring'],
    ['a-b->c-', 'a-b -> c-'],
    ['a;b;;c>d>>e->f->>g', 'a ; b ;; c > d >> e -> f ->> g'],
    ['a ;!b', 'a ; !b'],
    ['!a;b;!c', '!a ; b ; !c'],
    ['t : tester ; ! r:refactoring', 't:tester ; !r:refactoring'],
    ['{ a ,"b c", d* }', '{a, "b c", d*}'],
    ['{a}', 'a'],
    ['"and" or \'not\'', '"and" OR "not"'],
    ['not a and b Or c', 'NOT a AND b OR c'],
    ['not (a and (b or c))', 'NOT (a AND (b OR c))'],
    ['((a))', 'a'],
    ['a and (b and c)', 'a AND (b AND c)'],
    ['# who\ntester # then\r\n -> refactoring#', 'tester -> refactoring'],
    ['*[duration>=1500ms,active<90s,COST>1.50]', '*[duration>=1500ms, active<90s, cost>1.5]'],
    ['*[duration>60000]', '*[duration>1m]'],
    ['*[duration=1.5h, active!=2d, duration<0s]', '*[duration=90m, active!=2d, duration<0ms]'],
    [
      '*[tokens>10K, own.tokens<=2M, own.cost>0.0000001, depth=0]',
      '*[tokens>10k, own.tokens<=2M, own.cost>1e-7, depth=0]',
    ],
    ['*[status=ERROR, status!=inter*, kind=Delegation]', '*[status=error, status!=inter*, kind=delegation]'],
    ['*[tool=ba*, tool!="ba*", model~claude*]', '*[tool=ba*, tool!="ba*", model~"claude*"]'],
    [
      '*[prompt~fix, output="a\\"b\\\\c\\n\\u00e9\\t", description!=\'it\\\'s "x"\']',
      '*[prompt~"fix", output="a\\"b\\\\c\\né\\t", description!="it\'s \\"x\\""]',
    ],
    ['général -> 測試/x@2.1_b', 'général -> 測試/x@2.1_b'],
    ['*[agent=and]', '*[agent="and"]'],
  ])('%s is %s', (text, expected) => {
    expect(written(text)).toBe(expected)
  })

  test('a star is a glob within a word and itself within a string', () => {
    expect(parsed('te*')).toMatchObject({ steps: [{ names: [{ text: 'te*', glob: true }] }] })
    expect(parsed('"te*"')).toMatchObject({ steps: [{ names: [{ text: 'te*', glob: false }] }] })
  })

  test('AND binds closer than OR, NOT closer than both', () => {
    expect(parsed('a OR NOT b AND c')).toMatchObject({
      kind: 'or',
      items: [{ kind: 'chain' }, { kind: 'and', items: [{ kind: 'not' }, { kind: 'chain' }] }],
    })
  })

  test('what is printed reads back as the same tree', () => {
    fc.assert(
      fc.property(patterns({ steps: 8, conditions: 4, nesting: 4 }), (pattern) => {
        const text = canonical(pattern)
        expect(parsed(text)).toEqual(pattern)
        expect(written(text)).toBe(text)
      }),
      { numRuns: cases(2000) },
    )
  })

  test('any text can be a name, and any number a value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.double({ min: 0, max: 1e9, noNaN: true }), (name, cost) => {
        const pattern: Expression = {
          kind: 'chain',
          relations: [],
          steps: [
            {
              negated: false,
              alias: null,
              names: [{ text: name, glob: false }],
              conditions: [{ key: 'cost', op: '>', value: cost === 0 ? 0 : cost }],
            },
          ],
        }
        expect(parsed(canonical(pattern))).toEqual(pattern)
      }),
      { numRuns: cases(1000) },
    )
  })
})

describe('what is wrong', () => {
  // pattern, position, part of the message, one of the expected items, suggestion
  test.each<[string, number, string, string | null, string | null]>([
    ['', 0, 'empty', 'an agent', '*'],
    ['  # nothing', 0, 'empty', 'NOT', '*'],
    ['a;b;c;d;e;f;g;h;i', 15, 'at most 8 steps; this is the ninth', 'AND', null],
    ['tester[agnet=x]', 7, 'no key `agnet`', 'duration', 'agent'],
    ['tester[state=x]', 7, 'no key `state`', 'status', 'status'],
    ['tester[zzzzzzz=x]', 7, 'no key', 'agent', null],
    ['*[status=failed]', 9, '`status` must be', 'error', 'error'],
    ['*[status=runing]', 9, '`status` must be', 'running', 'running'],
    ['*[kind=user]', 7, '`kind` must be', 'user_turn', 'user_turn'],
    ['*[kind=d*]', 7, '`*` cannot be used', 'delegation', 'delegation'],
    ['*[duration>soon]', 11, 'a duration such as', 'a duration', null],
    ['*[duration>5min]', 11, 'a duration such as', 'a duration', '5m'],
    ['*[duration>8 s]', 11, 'no space', null, '8s'],
    ['*[tokens>2m]', 9, 'a number such as', 'a number', '2M'],
    ['*[cost>1,5]', 9, 'with a point', null, '1.5'],
    ['*[cost>$1]', 7, '`$`', 'a number', '1'],
    ['*[cost>"1"]', 7, 'without quotes', 'a number', '1'],
    ['*[cost~1]', 6, 'not with `~`', '>=', '='],
    ['*[prompt>x]', 8, 'not with `>`', '~', '~'],
    ['*[status~err]', 8, 'not with `~`', '!=', '='],
    ['*[cost==1]', 6, 'no comparison `==`', '=', '='],
    ['*[cost:1]', 6, 'comparison must follow', '=', '='],
    ['*[cost>1 AND tool=bash]', 9, 'a comma', ',', ','],
    ['*[cost>1 OR cost<2]', 9, 'joined with OR', ',', null],
    ['*[]', 2, 'no condition', 'agent', null],
    ['*[cost>1,]', 9, 'Another condition', 'agent', null],
    ['*[cost>1', 8, 'bracket at 1 is not closed', ']', ']'],
    ['*[cost>', 7, 'value must follow', 'a number', null],
    ['*[cost', 6, 'comparison must follow', '>', null],
    ['*[', 2, 'a condition should be', 'agent', null],
    ['"tester', 0, 'not closed', '"', null],
    ["*[prompt~'a", 9, 'not closed', "'", null],
    ['"a\\qb"', 2, 'is not an escape sequence', '\\n', '\\\\q'],
    ['"\\u00"', 1, 'Four hexadecimal digits', '\\u0000', null],
    ['a ; !b ; c', 4, 'allowed only before the first or the last step', 'an agent', '*[agent!=b]'],
    ['a ; !{b, c} ; d', 4, 'AND NOT', 'an agent', 'AND NOT'],
    ['!a', 0, 'next to another', 'NOT', 'NOT'],
    ['!a ; !b', 5, 'Only one of the two', 'an agent', null],
    ['x:a ; x:b', 6, 'have the alias `x`', null, 'x2'],
    ['or:a', 0, 'cannot be an alias', null, 'or1'],
    ['a ; and', 4, 'is a keyword', 'an agent', '"and"'],
    ['and', 0, 'is a keyword', 'an agent', '"and"'],
    ['a ;', 3, 'the pattern ends', 'an agent', null],
    ['a OR', 4, 'The pattern ends', 'an agent', null],
    ['a > (b OR c)', 4, 'not parentheses', 'an agent', '{'],
    ['(a) > b', 4, 'not parentheses', 'AND', 'AND'],
    ['(a', 2, 'parenthesis at 0 is not closed', ')', ')'],
    ['a)', 1, 'closes nothing', 'AND', null],
    ['a b', 2, 'must be a relation', '->', '->'],
    ['a - b', 2, 'not a relation', '->', '->'],
    ['a => b', 2, 'brackets', '->', '->'],
    ['a < b', 2, 'the earlier one, first', '->', '->'],
    ['a >>> b', 4, 'step must follow', 'an agent', '>>'],
    ['a , b', 2, 'comma', ';', ';'],
    ['a && b', 2, '`&`', 'AND', 'AND'],
    ['a \u200b b', 2, 'U+200B', 'AND', null],
    ['{}', 1, 'no agent', 'an agent', null],
    ['{a|b}', 2, 'separated by commas', ',', ','],
    ['{a, b', 5, 'brace at 0 is not closed', '}', '}'],
    ['> a', 0, 'must be a step here', 'an agent', '*'],
    [`${'('.repeat(51)}a${')'.repeat(51)}`, 50, 'nested deeper than 50', null, null],
    [`${'NOT '.repeat(51)}a`, 200, 'nested deeper than 50', null, null],
  ])('%j', (text, position, message, expected, suggestion) => {
    const found = problem(text)
    expect(found.message).toContain(message)
    expect(found.position).toBe(position)
    expect(found.suggestion).toBe(suggestion)
    if (expected !== null) expect(found.expected).toContain(expected)
  })

  test('positions are UTF-16 offsets', () => {
    expect(problem('"🙂" 🙂').position).toBe(5)
  })

  test('a name or text of more than ten thousand characters is refused where it begins', () => {
    const long = 'é'.repeat(10_001)
    for (const text of [`a ; ${long}`, `a ; "${long}"`, `*[prompt~"${long}"]`]) {
      expect(problem(text)).toMatchObject({
        position: text.search(/"?é/),
        message: 'A name or a text has at most 10,000 characters; this one has 10,001.',
      })
    }
  })

  test('ten thousand characters are not too many, however they are escaped', () => {
    const longest = `"${'\\u0001'.repeat(10_000)}"`
    expect(written(longest)).toBe(longest)
  })

  test('fifty levels are not too deep', () => {
    expect(written(`${'('.repeat(50)}a${')'.repeat(50)}`)).toBe('a')
    expect(written(`${'NOT '.repeat(50)}a`)).toBe(`${'NOT '.repeat(50)}a`)
  })

  test('the same alias may stand in two chains', () => {
    expect(written('x:a ; y:b OR x:a > y:c')).toBe('x:a ; y:b OR x:a > y:c')
  })
})

describe('any text', () => {
  const pieces = fc.constantFrom(
    'a',
    'tester',
    '*',
    'te*',
    '"x',
    '"x"',
    "'",
    '\\',
    '->',
    '->>',
    '→',
    '-',
    '>',
    '>>',
    ';',
    ';;',
    '!',
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '=',
    '!=',
    '>=',
    '~',
    ' ',
    '\n',
    '#',
    'AND',
    'or',
    'NOT',
    'duration',
    'cost',
    'own.tokens',
    'status',
    '5m',
    '10k',
    '1e9',
    'x:',
    '🙂',
    '\ud800',
    '\u0000',
    '$1',
  )
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(pieces, { maxLength: 40 }).map((p) => p.join('')),
  )

  test('is a pattern, or wrong at a position within it', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const result = parsePattern(text)
        if (result.ok) return parsePattern(canonical(result.pattern)).ok
        const { position, message } = result.problem
        return (
          Number.isInteger(position) &&
          position >= 0 &&
          position <= text.length &&
          message.length > 10 &&
          message.length < 400
        )
      }),
      { numRuns: cases(20_000) },
    )
  })

  test('takes a number of steps that grows with its length and not faster', () => {
    fc.assert(
      fc.property(
        fc.array(pieces, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 1000 }),
        (some, times) => {
          const text = some.join('').repeat(times)
          const meter = { steps: 0 }
          parsePattern(text, meter)
          expect(meter.steps).toBeLessThanOrEqual(20 * (text.length + 1))
        },
      ),
      { numRuns: cases(500) },
    )
  })

  test.each([
    ['(', 5000],
    ['NOT ', 2500],
    ['a OR ', 2000],
    ['{a,', 3000],
    ['"', 9999],
    ['a[cost>1]', 1100],
    ['a;', 5000],
    ['x', 10_000],
    ['\\', 10_000],
    ['-', 10_000],
    ['*[prompt~"', 1000],
  ])('ten thousand characters of %j are read or refused without a deep stack', (piece, times) => {
    const meter = { steps: 0 }
    const result = parsePattern(piece.repeat(times), meter)
    expect(meter.steps).toBeLessThanOrEqual(20 * piece.length * times)
    if (!result.ok) expect(result.problem.position).toBeLessThanOrEqual(piece.length * times)
  })

  test('a pattern of two thousand chains is a pattern', () => {
    expect(parsePattern(Array.from({ length: 2000 }, (_, i) => `a${i}`).join(' OR ')).ok).toBe(true)
  })
})
