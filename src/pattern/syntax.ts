/**
 * The syntax tree of a pattern. It keeps what was written, except for spaces, comments and quoting style.
 */

export type Expression = AnyOf | AllOf | Not | Chain

/** Two or more expressions joined by OR. */
export interface AnyOf {
  kind: 'or'
  items: Expression[]
}

/** Two or more expressions joined by AND. */
export interface AllOf {
  kind: 'and'
  items: Expression[]
}

export interface Not {
  kind: 'not'
  item: Expression
}

/** Steps with a relation between each two neighbours, so there is one relation fewer than steps. */
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
  /** The agent's name must match one of these. */
  names: Name[]
  conditions: Condition[]
}

/** A name to compare case-insensitively. In a glob, `*` stands for any characters or none. */
export interface Name {
  text: string
  glob: boolean
}

export const COMPARISONS = ['=', '!=', '>=', '<=', '>', '<', '~'] as const
export type Comparison = (typeof COMPARISONS)[number]

/** A condition `key op value`. Durations are in milliseconds. */
export type Condition =
  | { key: NumberKey; op: Exclude<Comparison, '~'>; value: number }
  | { key: NameKey; op: '=' | '!=' | '~'; value: Name }
  | { key: TextKey; op: '=' | '!=' | '~'; value: string }

export const DURATION_KEYS = ['duration', 'active'] as const
export const AMOUNT_KEYS = ['cost', 'tokens', 'own.cost', 'own.tokens', 'depth'] as const
/** Keys whose values are names; all except `kind` accept globs. */
export const NAME_KEYS = ['agent', 'status', 'kind', 'tool', 'model'] as const
export const TEXT_KEYS = ['prompt', 'output', 'description'] as const

export type NumberKey = (typeof DURATION_KEYS)[number] | (typeof AMOUNT_KEYS)[number]
export type NameKey = (typeof NAME_KEYS)[number]
export type TextKey = (typeof TEXT_KEYS)[number]

export const MAX_STEPS = 8
/** The deepest nesting of parentheses and NOTs. */
export const MAX_NESTING = 50

/** A syntax error in a pattern. */
export interface PatternProblem {
  message: string
  /** In UTF-16 code units, from 0; the length of the text if it ends too early. */
  position: number
  /** What is allowed at that position. */
  expected: string[]
  /** What to write instead, if known. */
  suggestion: string | null
}

const KEYWORDS = ['or', 'and', 'not'] as const
export type Keyword = (typeof KEYWORDS)[number]

export const isKeyword = (text: string): boolean => isOneOf(KEYWORDS, text.toLowerCase())

export const isOneOf = <T extends string>(list: readonly T[], text: string): text is T =>
  (list as readonly string[]).includes(text)
