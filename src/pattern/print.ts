import { isWord } from './scan.ts'
import {
  type Chain,
  type Condition,
  DURATION_KEYS,
  type Expression,
  isKeyword,
  isOneOf,
  type Name,
  type Step,
} from './syntax.ts'
import { printAmount, printDuration } from './values.ts'

/** Prints a pattern in its canonical form, which parses back into the same tree. */
export function canonical(pattern: Expression): string {
  switch (pattern.kind) {
    case 'or':
      return pattern.items.map((item) => enclosed(item, ['or'])).join(' OR ')
    case 'and':
      return pattern.items.map((item) => enclosed(item, ['or', 'and'])).join(' AND ')
    case 'not':
      return `NOT ${enclosed(pattern.item, ['or', 'and'])}`
    case 'chain':
      return printChain(pattern)
  }
}

const enclosed = (item: Expression, looser: Expression['kind'][]): string =>
  looser.includes(item.kind) ? `(${canonical(item)})` : canonical(item)

function printChain(chain: Chain): string {
  return chain.steps
    .map((step, i) => (i === 0 ? printStep(step) : `${chain.relations[i - 1]} ${printStep(step)}`))
    .join(' ')
}

function printStep(step: Step): string {
  const names = step.names.map(printName)
  const name = names.length === 1 ? names[0] : `{${names.join(', ')}}`
  const conditions = step.conditions.length === 0 ? '' : `[${step.conditions.map(printCondition).join(', ')}]`
  return `${step.negated ? '!' : ''}${step.alias === null ? '' : `${step.alias}:`}${name}${conditions}`
}

function printCondition(condition: Condition): string {
  return `${condition.key}${condition.op}${printValue(condition)}`
}

function printValue(condition: Condition): string {
  if (typeof condition.value === 'number') {
    return isOneOf(DURATION_KEYS, condition.key) ? printDuration(condition.value) : printAmount(condition.value)
  }
  return typeof condition.value === 'string' ? printString(condition.value) : printName(condition.value)
}

const printName = ({ text, glob }: Name): string =>
  glob || (isWord(text) && !text.includes('*') && !isKeyword(text)) ? text : printString(text)

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

const printString = (text: string): string =>
  `"${text.replace(/["\\\p{Cc}\p{Cs}]/gu, (c) => NAMED_ESCAPES[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`
