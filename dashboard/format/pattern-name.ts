/** An agent as the pattern language writes it: in quotes unless it is a plain word. */
export const patternName = (agent: string): string =>
  /^[\p{L}\p{N}_-]+$/u.test(agent) ? agent : `"${agent.replaceAll(/["\\]/g, '\\$&')}"`
