import type { Random } from './random.ts'

export const NOUNS = [
  'session',
  'message',
  'part',
  'reader',
  'writer',
  'index',
  'graph',
  'node',
  'edge',
  'token',
  'agent',
  'query',
  'result',
  'cache',
  'store',
  'schema',
  'field',
  'config',
  'parser',
  'build',
  'check',
  'order',
  'state',
  'value',
  'batch',
  'cursor',
  'stream',
  'buffer',
  'handle',
  'event',
] as const satisfies [string, ...string[]]

/** Text of any length as agents read and write it: code, listings and prose, some of it French or non-Latin. */
export function textSource(random: Random): (length: number) => string {
  const noun = () => random.pick(NOUNS)
  const lines = [
    () =>
      `${'  '.repeat(random.whole(0, 4))}const ${noun()}${random.whole(1, 99)} = await ${noun()}.${noun()}('./${noun()}.ts')`,
    () =>
      `${'  '.repeat(random.whole(0, 4))}if (${noun()}.${noun()} !== "${noun()}") return ${noun()}(${noun()}, ${random.whole(0, 9999)})`,
    () => `The ${noun()} of each ${noun()} is read before its ${noun()}, so that no ${noun()} is counted twice.`,
    () =>
      `-rw-r--r-- 1 dev dev ${random.whole(100, 99999)} Nov ${random.whole(1, 28)} 07:${random.whole(10, 59)} src/${noun()}.ts`,
    () => `src/${noun()}/${noun()}.ts:${random.whole(1, 900)}:\t${noun()}(\\${noun()}) // <${noun()}> & "${noun()}"`,
    () => '',
  ] as const
  const wideLines = [
    ...lines,
    () => `Vérifie que « ${noun()} » a bien été relâché — sinon, où est passé le ${noun()} n° ${random.whole(1, 99)} ?`,
    () => `✓ ${noun()}：変更を確認した → ${noun()}`,
  ] as const
  const pool = (makers: readonly [() => string, ...(() => string)[]], length: number) => {
    const made: string[] = []
    for (let total = 0; total < length; ) {
      const line = random.pick(makers)()
      made.push(line)
      total += line.length + 1
    }
    return made.join('\n')
  }
  const latin = pool(lines, 6_000_000)
  const wide = pool(wideLines, 2_000_000)
  return (length) => {
    const from = random.chance(0.125) ? wide : latin
    const at = random.whole(0, from.length - length)
    return from.slice(at, at + length)
  }
}
