const WORD = /^[\p{L}\p{N}_-]+$/u
const KEYWORD = /^(?:and|or|not)$/i

/** An agent as the pattern language writes it: in quotes unless it is a plain word. */
export const patternName = (agent: string): string =>
  WORD.test(agent) && !KEYWORD.test(agent) ? agent : `"${agent.replaceAll(/["\\]/g, '\\$&')}"`
