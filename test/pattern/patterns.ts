/**
 * Random patterns as syntax trees, with all names, keys, comparisons and relations, for the histories of `forests.ts`.
 */
import fc from 'fast-check'
import {
  type Chain,
  type Condition,
  type Expression,
  type Name,
  RELATIONS,
  type Step,
} from '../../src/pattern/syntax.ts'
import { AGENTS, MODELS, TEXTS, TOOLS } from './forests.ts'

const literal = (text: string): Name => ({ text, glob: false })
const glob = (text: string): Name => ({ text, glob: true })

const anything = fc.constant(glob('*'))
const agentName: fc.Arbitrary<Name> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...AGENTS).map(literal) },
  // The two agents of most traces, or else few patterns would find anything.
  { weight: 3, arbitrary: fc.constantFrom(AGENTS[0], AGENTS[1]).map(literal) },
  fc.constantFrom('TESTER', 'GÉNÉRAL', 'ΣΟΦΌΣ', 'nobody', '*', '').map(literal),
  fc.constantFrom('test*', '*r*', '*-2', 'a*b', '**', '*_*', '*Σ', 'σ*ς').map(glob),
)
const numeric = fc.constantFrom('=', '!=', '>', '>=', '<', '<=')
const named = fc.constantFrom('=', '!=', '~')

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ key: fc.constantFrom('duration', 'active'), op: numeric, value: fc.nat(12) }),
  fc.record({ key: fc.constantFrom('cost', 'own.cost'), op: numeric, value: fc.constantFrom(0, 0.25, 1, 2.5) }),
  fc.record({
    key: fc.constantFrom('tokens', 'own.tokens'),
    op: numeric,
    value: fc.constantFrom(0, 500, 10_000, 2_000_000),
  }),
  fc.record({ key: fc.constant('depth'), op: numeric, value: fc.nat(4) }),
  fc.record({ key: fc.constant('agent'), op: named, value: agentName }).map(plainContains),
  fc
    .record({
      key: fc.constant('tool'),
      op: named,
      value: fc.oneof(fc.constantFrom(...TOOLS, 'BASH').map(literal), fc.constantFrom('*', 'b*').map(glob)),
    })
    .map(plainContains),
  fc
    .record({
      key: fc.constant('model'),
      op: named,
      value: fc.oneof(fc.constantFrom(...MODELS, 'claude').map(literal), fc.constantFrom('*', '*t*').map(glob)),
    })
    .map(plainContains),
  fc.record({
    key: fc.constant('status'),
    op: fc.constantFrom('=', '!='),
    value: fc.oneof(
      fc.constantFrom('running', 'completed', 'error', 'aborted', 'interrupted').map(literal),
      fc.constantFrom('*ed', 'r*').map(glob),
    ),
  }),
  fc.record({
    key: fc.constant('kind'),
    op: fc.constantFrom('=', '!='),
    value: fc.constantFrom('user_turn', 'delegation').map(literal),
  }),
  fc.record({
    key: fc.constantFrom('prompt', 'output', 'description'),
    op: named,
    value: fc.oneof(fc.constantFrom(...TEXTS), fc.constantFrom('tests', '%', '_', 'É', '\\', '"', 'οδος', 'k')),
  }),
)

/** `~` (contains) takes no glob. */
function plainContains<K extends 'agent' | 'tool' | 'model'>(c: { key: K; op: '=' | '!=' | '~'; value: Name }) {
  return c.op === '~' ? { ...c, value: literal(c.value.text) } : c
}

const step = (conditions: number, names: fc.Arbitrary<Name>): fc.Arbitrary<Step> =>
  fc.record({
    negated: fc.constant(false),
    alias: fc.constant(null),
    names: fc.oneof(
      { weight: 4, arbitrary: names.map((name) => [name]) },
      fc.array(names, { minLength: 1, maxLength: 3 }),
    ),
    conditions: fc.array(condition, { maxLength: conditions }),
  })

interface ChainLimits {
  steps: number
  conditions: number
}

const chain = ({ steps, conditions }: ChainLimits): fc.Arbitrary<Chain> =>
  fc
    .record({
      steps: fc.array(step(conditions, fc.oneof(agentName, anything)), { minLength: 1, maxLength: steps }),
      relations: fc.array(fc.constantFrom(...RELATIONS), { minLength: steps, maxLength: steps }),
      negated: fc.constantFrom('none', 'none', 'first', 'last', 'both'),
      aliased: fc.nat(9),
    })
    .map(({ steps, relations, negated, aliased }) => {
      const isNegated = (i: number): boolean =>
        steps.length > 1 &&
        ((i === 0 && (negated === 'first' || (negated === 'both' && steps.length > 2))) ||
          (i === steps.length - 1 && (negated === 'last' || negated === 'both')))
      return {
        kind: 'chain',
        steps: steps.map((s, i) => ({ ...s, negated: isNegated(i), alias: i === aliased ? `step-${i}` : null })),
        relations: relations.slice(0, steps.length - 1),
      }
    })

/** Like the parser's trees. An OR directly within an OR corresponds to one that is written in parentheses. */
export const patterns = (limits: ChainLimits & { nesting: number }): fc.Arbitrary<Expression> =>
  fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: limits.nesting, depthSize: 'small' },
      { weight: 4, arbitrary: chain(limits) },
      fc.record({ kind: fc.constant('not' as const), item: tie('expression') }),
      fc.record({
        kind: fc.constantFrom('or' as const, 'and' as const),
        items: fc.array(tie('expression'), { minLength: 2, maxLength: 3 }),
      }),
    ),
  })).expression
