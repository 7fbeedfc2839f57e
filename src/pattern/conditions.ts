/** Parses the conditions in a step's brackets, such as `[duration>8s, tool!=bash]`. */
import { type Cursor, isSymbol, listed, nameOf, quoted, refuse, refuseProblem, shown } from './cursor.ts'
import { globMatches } from './glob.ts'
import { nearest } from './nearest.ts'
import type { Token } from './scan.ts'
import {
  AMOUNT_KEYS,
  COMPARISONS,
  type Comparison,
  type Condition,
  DURATION_KEYS,
  isKeyword,
  isOneOf,
  NAME_KEYS,
  type Name,
  TEXT_KEYS,
} from './syntax.ts'
import { readAmount, readDuration } from './values.ts'

const KEYS = [
  'agent',
  'duration',
  'active',
  'cost',
  'tokens',
  'own.cost',
  'own.tokens',
  'depth',
  'status',
  'kind',
  'tool',
  'model',
  'prompt',
  'output',
  'description',
] as const
type Key = (typeof KEYS)[number]

/** Names that people who know the API or other tools may try, with the key to suggest instead. */
const KEYS_MEANT: Readonly<Record<string, Key>> = {
  name: 'agent',
  subagent: 'agent',
  durationms: 'duration',
  time: 'duration',
  elapsed: 'duration',
  activems: 'active',
  price: 'cost',
  usd: 'cost',
  'total.cost': 'cost',
  'total.tokens': 'tokens',
  level: 'depth',
  state: 'status',
  type: 'kind',
  tools: 'tool',
  toolsused: 'tool',
  models: 'model',
  input: 'prompt',
  promptinput: 'prompt',
  result: 'output',
  promptoutput: 'output',
  title: 'description',
  error: 'status',
}

export function parseConditions(tokens: Cursor): Condition[] {
  const opening = tokens.next()
  const conditions: Condition[] = []
  for (;;) {
    const token = tokens.peek()
    if (isSymbol(token, ']')) {
      refuse(
        token,
        conditions.length === 0
          ? 'There is no condition in these brackets.'
          : 'Another condition must follow the comma.',
        KEYS,
      )
    }
    conditions.push(parseCondition(tokens, conditions[conditions.length - 1]))
    const after = tokens.next()
    if (isSymbol(after, ']')) return conditions
    if (isSymbol(after, ',')) continue
    if (after.kind === 'end') refuse(after, `The bracket at ${opening.start} is not closed.`, [',', ']'], ']')
    if (after.kind === 'problem') refuseProblem(after, [',', ']'])
    const last = conditions[conditions.length - 1]
    if (after.kind === 'word' && typeof last?.value === 'number') {
      // A space before the unit, as in `8 s`.
      const value = tokens.peek(-2)
      const joined = value.text + after.text
      const read = isOneOf(DURATION_KEYS, last.key) ? readDuration(joined) : readAmount(joined)
      const suggestion = 'value' in read ? joined : read.suggestion
      if (suggestion !== null)
        refuse(value, 'There must be no space between a number and its unit.', [',', ']'], suggestion)
    }
    const keyword = after.kind === 'word' && isKeyword(after.text) ? after.text.toLowerCase() : null
    if (keyword === 'and' || keyword === null) {
      refuse(
        after,
        `A condition must be followed by a comma or the closing bracket, not ${quoted(after)}.`,
        [',', ']'],
        keyword === 'and' || after.kind === 'word' ? ',' : null,
      )
    }
    refuse(after, 'All conditions in brackets must hold: write alternatives as whole chains joined with OR.', [
      ',',
      ']',
    ])
  }
}

function parseCondition(tokens: Cursor, before: Condition | undefined): Condition {
  const word = tokens.next()
  if (word.kind === 'end') refuse(word, 'The pattern ends where a condition should be.', KEYS)
  if (word.kind === 'problem') refuseProblem(word, KEYS)
  if (word.kind === 'symbol') refuse(word, `A condition must start with a key, not with ${quoted(word)}.`, KEYS)
  const written = word.kind === 'string' ? word.value : word.text
  const key = written.toLowerCase()
  if (!isOneOf(KEYS, key)) {
    if (/^\d+$/.test(written) && typeof before?.value === 'number') {
      refuse(word, 'Write decimals with a point: a comma separates conditions.', KEYS, `${before.value}.${written}`)
    }
    const meant = Object.hasOwn(KEYS_MEANT, key) ? KEYS_MEANT[key] : nearest(key, KEYS)
    refuse(word, `There is no key ${shown(written)}.`, KEYS, meant ?? null)
  }
  if (word.kind === 'string') refuse(word, 'Write keys without quotes.', KEYS, key)

  const allowed = comparisonsOf(key)
  const operator = tokens.next()
  const op = parseComparison(tokens, operator, key, allowed)
  const value = tokens.next()
  if (value.kind === 'problem') refuseProblem(value, expectedValues(key))
  if (value.kind === 'end')
    refuse(value, `A value must follow \`${key}${op}\`, but the pattern ends.`, expectedValues(key))
  if (value.kind === 'symbol') {
    const double = operator.end === value.start ? doubledComparison(op + value.text) : null
    if (double !== null) refuse(operator, `There is no comparison \`${op}${value.text}\`.`, allowed, double)
    refuse(value, `A value must follow \`${key}${op}\`, not ${quoted(value)}.`, expectedValues(key))
  }
  return conditionOf(key, op, value)
}

/** Comparison operators of other languages, with the operator to suggest instead. */
const COMPARISONS_MEANT: Readonly<Record<string, Comparison>> = {
  '==': '=',
  '=~': '~',
  '=>': '>=',
  '=<': '<=',
  '<>': '!=',
  '~=': '~',
  '!==': '!=',
  '>>': '>',
}

const doubledComparison = (text: string): string | null => COMPARISONS_MEANT[text] ?? null

function parseComparison(tokens: Cursor, operator: Token, key: Key, allowed: readonly Comparison[]): Comparison {
  if (operator.kind === 'end') refuse(operator, `A comparison must follow \`${key}\`, but the pattern ends.`, allowed)
  if (operator.kind === 'problem') refuseProblem(operator, allowed)
  if (operator.kind !== 'symbol' || !isOneOf(COMPARISONS, operator.text)) {
    const suggestion =
      operator.text === ':'
        ? '='
        : operator.kind === 'word' && operator.text.toLowerCase() === 'contains'
          ? '~'
          : (COMPARISONS_MEANT[operator.text] ?? null)
    const contained = tokens.peek()
    const arrow = isSymbol(operator, '->') || isSymbol(operator, '->>') || contained.kind === 'end'
    refuse(
      operator,
      `A comparison must follow \`${key}\`, not ${quoted(operator)}.`,
      allowed,
      suggestion ?? (arrow && operator.kind === 'symbol' ? '>' : null),
    )
  }
  if (!allowed.includes(operator.text)) {
    const suggestion = operator.text === '~' ? '=' : isOneOf(TEXT_KEYS, key) ? '~' : '='
    refuse(
      operator,
      `\`${key}\` is compared with ${listed(allowed)}, not with \`${operator.text}\`.`,
      allowed,
      suggestion,
    )
  }
  return operator.text
}

function comparisonsOf(key: Key): readonly Comparison[] {
  if (isOneOf(TEXT_KEYS, key) || key === 'agent' || key === 'tool' || key === 'model') return ['=', '!=', '~']
  if (key === 'status' || key === 'kind') return ['=', '!=']
  return ['=', '!=', '>', '>=', '<', '<=']
}

const STATUS_WORDS = ['running', 'completed', 'error', 'aborted', 'interrupted'] as const
const KIND_WORDS = ['user_turn', 'delegation'] as const

/** Words that people may try, with the status or kind to suggest instead. */
const WORDS_MEANT: Readonly<Record<string, (typeof STATUS_WORDS | typeof KIND_WORDS)[number]>> = {
  failed: 'error',
  failure: 'error',
  fail: 'error',
  errored: 'error',
  done: 'completed',
  ok: 'completed',
  success: 'completed',
  succeeded: 'completed',
  finished: 'completed',
  cancelled: 'aborted',
  canceled: 'aborted',
  stopped: 'aborted',
  killed: 'interrupted',
  pending: 'running',
  active: 'running',
  user: 'user_turn',
  turn: 'user_turn',
  prompt: 'user_turn',
  task: 'delegation',
  subagent: 'delegation',
}

function expectedValues(key: Key): readonly string[] {
  if (key === 'status') return STATUS_WORDS
  if (key === 'kind') return KIND_WORDS
  if (isOneOf(DURATION_KEYS, key)) return ['a duration']
  if (isOneOf(AMOUNT_KEYS, key)) return ['a number']
  return isOneOf(TEXT_KEYS, key) ? ['a text'] : ['a name']
}

function conditionOf(key: Key, op: Comparison, token: Token & { kind: 'word' | 'string' }): Condition {
  if (isOneOf(NAME_KEYS, key)) {
    if (op !== '=' && op !== '!=' && op !== '~') throw new Error(`${key} is not compared with ${op}`)
    // `~` means "contains", so a star in its value is literal.
    const name: Name =
      token.kind === 'string' || op === '~'
        ? { text: token.kind === 'string' ? token.value : token.text, glob: false }
        : nameOf(token)
    return { key, op, value: key === 'status' || key === 'kind' ? checkedWord(key, token, name) : name }
  }
  if (isOneOf(TEXT_KEYS, key)) {
    if (op !== '=' && op !== '!=' && op !== '~') throw new Error(`${key} is not compared with ${op}`)
    return { key, op, value: token.kind === 'string' ? token.value : token.text }
  }
  if (op === '~') throw new Error(`${key} is not compared with ${op}`)
  const inner = token.kind === 'string' ? token.value : token.text
  const read = isOneOf(DURATION_KEYS, key) ? readDuration(inner) : readAmount(inner)
  if ('problem' in read)
    refuse(token, `\`${key}\` ${read.problem}, not ${quoted(token)}.`, expectedValues(key), read.suggestion)
  if (token.kind === 'string')
    refuse(token, `\`${key}\` is a number: write it without quotes.`, expectedValues(key), inner)
  return { key, op, value: read.value }
}

function checkedWord(key: 'status' | 'kind', token: Token, name: Name): Name {
  const words: readonly string[] = key === 'status' ? STATUS_WORDS : KIND_WORDS
  const text = name.text.toLowerCase()
  if (name.glob && key === 'kind')
    refuse(
      token,
      '`kind` is user_turn or delegation; `*` cannot be used in it.',
      words,
      words.find((w) => globMatches(text, w)) ?? null,
    )
  if (name.glob ? words.some((word) => globMatches(text, word)) : words.includes(text)) return { text, glob: name.glob }
  const meant = Object.hasOwn(WORDS_MEANT, text) ? WORDS_MEANT[text] : undefined
  refuse(
    token,
    `\`${key}\` must be ${listed(words)}, not ${quoted(token)}.`,
    words,
    meant !== undefined && words.includes(meant) ? meant : nearest(text, words),
  )
}
