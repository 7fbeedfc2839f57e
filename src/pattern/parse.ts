/**
 * Parses pattern text into its syntax tree, by recursive descent over the tokens. Each token is examined a constant
 * number of times, and nesting is limited, which also limits the stack.
 *
 *     pattern   = or
 *     or        = and { "OR" and }
 *     and       = unary { "AND" unary }
 *     unary     = "NOT" unary | "(" or ")" | chain
 *     chain     = step { operator step }
 *     operator  = ">" | ">>" | ";" | ";;" | "->" | "→" | "->>"
 *     step      = [ "!" ] [ alias ":" ] names [ "[" condition { "," condition } "]" ]
 *     names     = name | "{" name { "," name } "}"
 *     name      = WORD | STRING
 *     condition = key ( "=" | "!=" | ">" | ">=" | "<" | "<=" | "~" ) ( WORD | STRING )
 *
 * A WORD that contains `*` is a glob; `*` alone matches any agent.
 */
import { parseConditions } from './conditions.ts'
import { Cursor, isSymbol, nameOf, quoted, Refusal, refuse, refuseProblem, shown } from './cursor.ts'
import { type Meter, scan, type Token } from './scan.ts'
import {
  type Chain,
  type Expression,
  isKeyword,
  isOneOf,
  MAX_NESTING,
  MAX_STEPS,
  type Name,
  type PatternProblem,
  RELATIONS,
  type Relation,
  type Step,
} from './syntax.ts'

export type ParseResult = { ok: true; pattern: Expression } | { ok: false; problem: PatternProblem }

export function parsePattern(text: string, meter: Meter = { steps: 0 }): ParseResult {
  try {
    return { ok: true, pattern: parseWhole(new Cursor(scan(text, meter), meter)) }
  } catch (thrown) {
    if (thrown instanceof Refusal) return { ok: false, problem: thrown.problem }
    throw thrown
  }
}

// ---------------------------------------------------------------- expressions

const STEP_STARTS = ['an agent', '*', '{', '!', '(', 'NOT']
const STEP_AFTER_OPERATOR = ['an agent', '*', '{', '!']
const OPERATORS = ['>', '>>', ';', ';;', '->', '->>']
const AFTER_STEP = [...OPERATORS, 'AND', 'OR']

function parseWhole(tokens: Cursor): Expression {
  const first = tokens.peek()
  if (first.kind === 'end') refuse({ start: 0 }, 'The pattern is empty.', STEP_STARTS, '*')
  const pattern = parseOr(tokens, 0)
  const rest = tokens.peek()
  if (rest.kind !== 'end') refuseRest(tokens, rest)
  return pattern
}

function parseOr(tokens: Cursor, nesting: number): Expression {
  const items = [parseAnd(tokens, nesting)]
  while (tokens.isKeyword('or')) {
    tokens.next()
    items.push(parseAnd(tokens, nesting))
  }
  return joined('or', items)
}

function parseAnd(tokens: Cursor, nesting: number): Expression {
  const items = [parseUnary(tokens, nesting)]
  while (tokens.isKeyword('and')) {
    tokens.next()
    items.push(parseUnary(tokens, nesting))
  }
  return joined('and', items)
}

function joined(kind: 'or' | 'and', items: Expression[]): Expression {
  const [only] = items
  return items.length === 1 && only !== undefined ? only : { kind, items }
}

function parseUnary(tokens: Cursor, nesting: number): Expression {
  const opening = tokens.peek()
  if (!tokens.isKeyword('not') && !(opening.kind === 'symbol' && opening.text === '(')) return parseChain(tokens)
  if (nesting === MAX_NESTING) {
    refuse(opening, `The pattern is nested deeper than ${MAX_NESTING} parentheses and NOTs.`, STEP_AFTER_OPERATOR)
  }
  tokens.next()
  if (opening.kind === 'word') return { kind: 'not', item: parseUnary(tokens, nesting + 1) }

  const inner = parseOr(tokens, nesting + 1)
  const closing = tokens.peek()
  if (tokens.symbol(')') === null) {
    if (closing.kind === 'end')
      refuse(closing, `The parenthesis at ${opening.start} is not closed.`, [')', ...AFTER_STEP], ')')
    refuseRest(tokens, closing, [')'])
  }
  const after = tokens.peek()
  if (after.kind === 'symbol' && isOneOf(RELATIONS, relationOf(after))) {
    refuse(after, 'Relations join steps, not parentheses: join whole chains with AND or OR.', ['AND', 'OR'], 'AND')
  }
  return inner
}

/** Refuses a token that cannot follow a complete expression. */
function refuseRest(tokens: Cursor, rest: Token, more: readonly string[] = []): never {
  if (rest.kind === 'problem') refuseProblem(rest, [...more, ...AFTER_STEP])
  const expected = [...more, ...AFTER_STEP]
  if (rest.kind === 'word' && /^-+$/.test(rest.text))
    refuse(rest, `\`${rest.text}\` is not a relation.`, expected, '->')
  if (rest.kind === 'word' || rest.kind === 'string') {
    refuse(rest, `There must be a relation between two steps, before ${quoted(rest)}.`, expected, '->')
  }
  switch (rest.text) {
    case ')':
      return refuse(rest, 'This parenthesis closes nothing.', AFTER_STEP)
    case '=':
    case '>=':
    case '<=':
    case '!=': {
      const arrow = rest.text === '=' && ['>', '>='].includes(tokens.peek(1).text)
      return refuse(rest, `\`${rest.text}\` belongs in brackets: agent[duration>8s].`, expected, arrow ? '->' : null)
    }
    case '<':
      return refuse(
        rest,
        'There is no relation that points to the left: put the caller, or the earlier one, first.',
        expected,
        '->',
      )
    case ',':
      return refuse(rest, 'A comma is allowed only within {…} and […].', expected, ';')
    case '(':
      return refuse(rest, 'A parenthesis must come after AND, OR or NOT.', expected, 'AND')
    case '[':
      return refuse(
        rest,
        'A step has only one pair of brackets; separate the conditions in it by commas.',
        expected,
        ',',
      )
    default:
      return refuse(rest, `${quoted(rest)} is not allowed here.`, expected)
  }
}

// ---------------------------------------------------------------- chains and steps

const relationOf = (token: Token): string => (token.text === '→' ? '->' : token.text)

interface WrittenStep extends Step {
  start: number
}

function parseChain(tokens: Cursor): Chain {
  const steps = [parseStep(tokens, null)]
  const relations: Relation[] = []
  for (;;) {
    const operator = tokens.peek()
    const relation = relationOf(operator)
    if (operator.kind !== 'symbol' || !isOneOf(RELATIONS, relation)) break
    tokens.next()
    if (steps.length === MAX_STEPS) {
      refuse(
        operator,
        `A chain has at most ${MAX_STEPS} steps; this is the ${ordinal(MAX_STEPS + 1)}.`,
        ['AND', 'OR'],
        null,
      )
    }
    relations.push(relation)
    steps.push(parseStep(tokens, operator))
  }
  checkNegations(steps)
  checkAliases(steps)
  return { kind: 'chain', steps: steps.map(({ start: _, ...step }) => step), relations }
}

const ordinal = (n: number): string => ({ 9: 'ninth' })[n] ?? `${n}th`

function checkNegations(steps: readonly WrittenStep[]): void {
  const [first] = steps
  if (first === undefined) return
  if (steps.length === 1 && first.negated) {
    refuse(
      { start: first.start },
      '`!` negates a step next to another one; negate a whole chain with NOT.',
      ['NOT'],
      'NOT',
    )
  }
  steps.forEach((step, i) => {
    if (!step.negated || i === 0 || i === steps.length - 1) return
    const [name] = step.names
    const without = step.names.length === 1 && name !== undefined && step.conditions.length === 0 ? name : null
    const written =
      without === null
        ? null
        : `*[agent!=${without.glob || /^[\w.-]+$/.test(without.text) ? without.text : JSON.stringify(without.text)}]`
    refuse(
      { start: step.start },
      '`!` is allowed only before the first or the last step of a chain. In the middle, write a step for any other agent, ' +
        '`*[agent!=…]`, or exclude a whole chain with `AND NOT`.',
      ['an agent', '*', '{'],
      written ?? 'AND NOT',
    )
  })
  const last = steps[steps.length - 1]
  if (steps.length === 2 && first.negated && last?.negated) {
    refuse({ start: last.start }, 'Only one of the two steps can be negated.', ['an agent', '*', '{'])
  }
}

function checkAliases(steps: readonly WrittenStep[]): void {
  const seen = new Set<string>()
  for (const { alias, start } of steps) {
    if (alias === null) continue
    if (seen.has(alias))
      refuse({ start }, `Two steps of this chain have the alias ${shown(alias)}.`, ['another alias'], `${alias}2`)
    seen.add(alias)
  }
}

/** @param operator the relation before the step, or null at the start of a chain */
function parseStep(tokens: Cursor, operator: Token | null): WrittenStep {
  const { start } = tokens.peek()
  const negated = tokens.symbol('!') !== null
  const first = tokens.peek()
  const alias = first.kind === 'word' && isSymbol(tokens.peek(1), ':') ? parseAlias(tokens) : null
  const names = isSymbol(tokens.peek(), '{')
    ? parseNames(tokens)
    : [parseName(tokens, operator, negated || alias !== null)]
  const conditions = isSymbol(tokens.peek(), '[') ? parseConditions(tokens) : []
  return { negated, alias, names, conditions, start }
}

function parseAlias(tokens: Cursor): string {
  const word = tokens.next()
  if (isKeyword(word.text))
    refuse(word, `${quoted(word)} is a keyword and cannot be an alias.`, ['an alias'], `${word.text}1`)
  if (word.text.includes('*'))
    refuse(word, 'An alias cannot contain `*`.', ['an alias'], word.text.replaceAll('*', '') || null)
  tokens.next()
  return word.text
}

function parseNames(tokens: Cursor): Name[] {
  const opening = tokens.next()
  const names: Name[] = []
  for (;;) {
    const token = tokens.peek()
    if (isSymbol(token, '}'))
      refuse(
        token,
        names.length === 0 ? 'There is no agent in these braces.' : 'Another agent must follow the comma.',
        ['an agent'],
      )
    names.push(parseName(tokens, null, true))
    const after = tokens.next()
    if (isSymbol(after, '}')) return names
    if (isSymbol(after, ',')) continue
    if (after.kind === 'end') refuse(after, `The brace at ${opening.start} is not closed.`, [',', '}'], '}')
    if (after.kind === 'problem' && after.text === '|')
      refuse(after, 'Agents in braces are separated by commas.', [',', '}'], ',')
    if (after.kind === 'problem') refuseProblem(after, [',', '}'])
    refuse(
      after,
      `An agent in braces must be followed by a comma or the closing brace, not ${quoted(after)}.`,
      [',', '}'],
      ',',
    )
  }
}

/** @param within whether the name follows `!`, an alias or `{`, where neither a parenthesis nor NOT is allowed */
function parseName(tokens: Cursor, operator: Token | null, within: boolean): Name {
  const expected = within ? ['an agent', '*'] : operator === null ? STEP_STARTS : STEP_AFTER_OPERATOR
  const token = tokens.next()
  if (token.kind === 'string') return { text: token.value, glob: false }
  if (token.kind === 'word') {
    if (!isKeyword(token.text)) return nameOf(token)
    refuse(
      token,
      `There must be an agent here; ${quoted(token)} is a keyword. Write an agent of that name in quotes.`,
      expected,
      `"${token.text}"`,
    )
  }
  if (token.kind === 'problem') refuseProblem(token, expected)
  if (token.kind === 'end') {
    const message =
      operator === null
        ? 'The pattern ends where a step should be.'
        : `Another step must follow \`${operator.text}\`, but the pattern ends.`
    refuse(token, message, expected)
  }
  if (operator !== null) {
    const double = OPERATORS.find((o) => o === operator.text + token.text)
    const message =
      token.text === '('
        ? 'Relations join steps, not parentheses: write alternatives as {a, b}, and join whole chains with AND and OR.'
        : `A step must follow \`${operator.text}\`, not ${quoted(token)}.`
    const adjacent = token.start === operator.end
    refuse(
      token,
      message,
      expected,
      token.text === '(' ? '{' : double !== undefined ? double : adjacent && isRelation(token) ? operator.text : null,
    )
  }
  refuse(token, `There must be a step here, not ${quoted(token)}.`, expected, isRelation(token) ? '*' : null)
}

const isRelation = (token: Token): boolean => token.kind === 'symbol' && isOneOf(RELATIONS, relationOf(token))
