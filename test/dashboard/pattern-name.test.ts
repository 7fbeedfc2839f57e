import { expect, it } from 'vitest'
import { patternName } from '../../dashboard/format/pattern-name.ts'
import { parsePattern } from '../../src/pattern/parse.ts'

it.each(['tester', 'code-reviewer', 'not', 'AND', 'Or', 'a b', 'te*', 'say "hi" \\', 'x:y', '日本', '-', ''])(
  'an agent called %j is written so that the pattern means just that agent',
  (agent) => {
    expect(parsePattern(`lead > ${patternName(agent)}`)).toMatchObject({
      ok: true,
      pattern: { steps: [{ names: [{ text: 'lead' }] }, { names: [{ text: agent, glob: false }], conditions: [] }] },
    })
  },
)
