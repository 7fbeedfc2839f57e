import type { AnomalyKind as Kind } from '../store/store.ts'
import { builder } from './builder.ts'

const ABOVE = 'What is above a trace that stands out so, and would not without it, does not stand out.'

export const AnomalyKind = builder.enumType('AnomalyKind', {
  description:
    'In what something stands out. What is measured (SLOW, COSTLY, TOKEN_HEAVY, DEEP, WIDE) is compared by a robust z-score of the logarithm, `0.6745 · (ln value − ln median) / MAD`: a trace with all traces of its agent, a session with all sessions that a person opened. It stands out above 3.5, unless delegraph was started with another `--anomaly-threshold`; never below the median, and never where fewer than 8 can be compared. Values of 0 have no logarithm: they are not compared. A MAD below ln 1.05 (0.0488), also one of 0, counts as that: where most are equal, one stands out from 1.29 times the median on. Samples are of what is over, whenever it ran; what still runs stands out as soon as it has spent too much. Copies of a fork neither count nor stand out.',
  values: {
    SLOW: {
      description: `It took long: of a trace the wall time, of a session the time in which any of its turns ran. ${ABOVE} Its time is then less the union of theirs.`,
    },
    COSTLY: { description: `It cost much, with everything below it. ${ABOVE}` },
    TOKEN_HEAVY: { description: `It took many tokens of all kinds, with everything below it. ${ABOVE}` },
    FAILED: { description: 'A trace with the status ERROR.' },
    STUCK: {
      description:
        'A trace that has not ended by the files, while nothing in its whole tree has been written for `--stale-after` (10 minutes unless set).',
    },
    DEEP: { description: 'A session whose tree is deep, at least 5 levels; compared with those that delegate.' },
    WIDE: {
      description:
        'A trace that made many delegations itself, at least 10; compared with those of its agent that made any.',
    },
    REPEATED: {
      description:
        'A trace that sent the same agent the same or nearly the same prompt three times or more: a loop. Prompts are compared by the words of their first 10,000 characters, whatever their case, order and punctuation: the same are those with the same words, nearly the same those that share nine tenths of the words of both with the one before it that went to that agent.',
    },
  } satisfies Record<Kind, { description: string }>,
})
