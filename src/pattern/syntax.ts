/**
 * The syntax tree of a pattern: what was written, without its spaces, comments and ways of quoting.
 */

export type Expression = AnyOf | AllOf | Not | Chain

/** Two or more, joined by OR. */
export interface AnyOf {
  kind: 'or'
  items: Expression[]
}

/** Two or more, joined by AND. */
export interface AllOf {
  kind: 'and'
  items: Expression[]
}

export interface Not {
  kind: 'not'
  item: Expression
}

/** Steps with a relation between each two neighbours: one relation less than steps. */
export interface Chain {
  kind: 'chain'
  steps: Step[]
  relations: Relation[]
}

export const RELATIONS = ['>', '>>', ';', ';;', '->', '->>'] as const
export type Relation = (typeof RELATIONS)[number]

export interface Step {
  negated: boolean
  alias: string | null
  /** The agent's name is one of these. */
  names: Name[]
  conditions: Condition[]
}

/** Compared without regard to case. In a glob, `*` stands for any characters or none. */
export interface Name {
  text: string
  glob: boolean
}

export const COMPARISONS = ['=', '!=', '>=', '<=', '>', '<', '~'] as const
export type Comparison = (typeof COMPARISONS)[number]

/** `key op value`. Durations are in milliseconds. */
export type Condition =
  | { key: NumberKey; op: Exclude<Comparison, '~'>; value: number }
  | { key: NameKey; op: '=' | '!=' | '~'; value: Name }
  | { key: TextKey; op: '=' | '!=' | '~'; value: string }

export const DURATION_KEYS = ['duration', 'active'] as const
export const AMOUNT_KEYS = ['cost', 'tokens', 'own.cost', 'own.tokens', 'depth'] as const
/** Their values are names; all but `kind` take globs. */
export const NAME_KEYS = ['agent', 'status', 'kind', 'tool', 'model'] as const
export const TEXT_KEYS = ['prompt', 'output', 'description'] as const

export type NumberKey = (typeof DURATION_KEYS)[number] | (typeof AMOUNT_KEYS)[number]
export type NameKey = (typeof NAME_KEYS)[number]
export type TextKey = (typeof TEXT_KEYS)[number]

export const MAX_STEPS = 8
/** Of parentheses and NOTs. */
export const MAX_NESTING = 50

/** Why a text is no pattern. */
export interface PatternProblem {
  message: string
  /** In UTF-16 code units, from 0; the text's length where it ends too early. */
  position: number
  /** What could stand there. */
  expected: string[]
  /** What to write instead. */
  suggestion: string | null
}

const KEYWORDS = ['or', 'and', 'not'] as const
export type Keyword = (typeof KEYWORDS)[number]

export const isKeyword = (text: string): boolean => isOneOf(KEYWORDS, text.toLowerCase())

export const isOneOf = <T extends string>(list: readonly T[], text: string): text is T =>
  (list as readonly string[]).includes(text)
