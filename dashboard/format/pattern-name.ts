const WORD = /^[\p{L}\p{N}_-]+$/u
const KEYWORD = /^(?:and|or|not)$/i

/** An agent's name in the syntax of the pattern language: quoted unless it is a plain word. */
export const patternName = (agent: string): string =>
  WORD.test(agent) && !KEYWORD.test(agent) ? agent : `"${agent.replaceAll(/["\\]/g, '\\$&')}"`
