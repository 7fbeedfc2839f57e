/** Computes the usage of a message, which OpenCode's versions store in different ways. */
import { z } from 'zod'
import { addUsage, noUsage, type Usage } from '../../records.ts'
import type { Values } from './values.ts'

export const tokensJson = ({ count, optional }: Values) =>
  z.object({
    total: optional('tokens.total', count),
    input: optional('tokens.input', count),
    output: optional('tokens.output', count),
    reasoning: optional('tokens.reasoning', count),
    cache: optional(
      'tokens.cache',
      z.object({ read: optional('tokens.cache.read', count), write: optional('tokens.cache.write', count) }),
    ),
  })
type TokensJson = z.infer<ReturnType<typeof tokensJson>>

/** Usage as a step states it. */
export interface StepSpending {
  tokens: TokensJson | null
  cost: number
}

/** Usage as a message states it, with what is needed to interpret it. */
export interface MessageSpending extends StepSpending {
  /** Null in 0.5. */
  parentId: string | null
  /**
   * Null up to a version of 1.0 between 1.0.61 and 1.0.98; in later versions set in every message with tokens of its own.
   */
  finish: string | null
  /** Whether its provider counts cached tokens separately from the input, even in 0.5 and the first versions of 1.0. */
  cacheApart: boolean
}

/**
 * 0.5 (no `parentID`) keeps all steps of a turn in one message, whose own tokens are those of the last step. From 1.0
 * on, a message is one LLM call; its tokens are missing if OpenCode was killed between writing the step and the
 * message.
 */
export function usageOf(m: MessageSpending, steps: readonly StepSpending[]): Usage {
  const usage = noUsage()
  const legacy = m.parentId === null
  if (steps.length > 0 && (legacy || spent(m.tokens) === 0)) {
    for (const step of steps) addUsage(usage, usageOfStep(step, m))
    usage.llmCalls = legacy ? steps.length : 1
    if (m.cost > usage.cost) usage.cost = m.cost
  } else {
    addTokens(usage, m.tokens, m.finish === null && !m.cacheApart)
    usage.cost = m.cost
    usage.llmCalls = spent(m.tokens) > 0 ? 1 : 0
  }
  return usage
}

export function usageOfStep({ tokens, cost }: StepSpending, m: MessageSpending): Usage {
  const usage = { ...noUsage(), cost, llmCalls: 1 }
  addTokens(usage, tokens, m.parentId === null && !m.cacheApart)
  return usage
}

function addTokens(usage: Usage, tokens: TokensJson | null, asCounted: boolean): void {
  if (tokens === null) return
  const { reasoning, cacheRead, cacheWrite } = kinds(tokens)
  let { input, output } = kinds(tokens)
  // 0.5 and the first versions of 1.0 stored what the provider counted. Only providers with explicit cache writes count
  // the cache separately from the input.
  if (asCounted && cacheWrite === 0) input = Math.max(0, input - cacheRead)
  if (reasoning > 0 && outputHoldsReasoning(tokens)) output -= reasoning
  usage.input += input
  usage.output += output
  usage.reasoning += reasoning
  usage.cacheRead += cacheRead
  usage.cacheWrite += cacheWrite
}

/** Up to 1.2, output includes reasoning; later it does not. `total` (from 1.1 on) settles it exactly. */
function outputHoldsReasoning(tokens: TokensJson): boolean {
  const { input, output, reasoning, cacheRead, cacheWrite } = kinds(tokens)
  if (output < reasoning) return false
  const without = input + output + cacheRead + cacheWrite
  return tokens.total === null || tokens.total === undefined || tokens.total !== without + reasoning
}

const kinds = (t: TokensJson) => ({
  input: t.input ?? 0,
  output: t.output ?? 0,
  reasoning: t.reasoning ?? 0,
  cacheRead: t.cache?.read ?? 0,
  cacheWrite: t.cache?.write ?? 0,
})

/** Tokens of all kinds together. */
export function spent(tokens: TokensJson | null): number {
  if (tokens === null) return 0
  const t = kinds(tokens)
  return t.input + t.output + t.reasoning + t.cacheRead + t.cacheWrite
}
