import type { AnomalyKind as Kind } from '../store/store.ts'
import { builder } from './builder.ts'

const ABOVE =
  'A trace does not stand out when it would not do so without a trace below it that stands out in the same way.'

export const AnomalyKind = builder.enumType('AnomalyKind', {
  description:
    'In what way something stands out. What is measured (SLOW, COSTLY, TOKEN_HEAVY, DEEP, WIDE) is compared by a robust z-score of the logarithm, `0.6745 · (ln value − ln median) / MAD`: a trace with all traces of its agent, a session with all sessions that a person opened. It stands out above 3.5, unless delegraph was started with another `--anomaly-threshold`; never below the median, and never when there are fewer than 8 to compare with. Values of 0 have no logarithm and are not compared. A MAD below ln 1.05 (0.0488), even one of 0, counts as that: when most values are equal, one stands out from 1.29 times the median on. The samples are of what has ended, whenever it ran; what is still running is not in them, but stands out as soon as it has used too much. Copies made by a fork neither count nor stand out.',
  values: {
    SLOW: {
      description: `It took unusually long. A trace is measured by its wall-clock duration, a session by the time during which any of its turns was running. ${ABOVE} The time of the traces below is then the union of their intervals.`,
    },
    COSTLY: { description: `It was unusually expensive, including everything below it. ${ABOVE}` },
    TOKEN_HEAVY: { description: `It used unusually many tokens of all kinds, including everything below it. ${ABOVE}` },
    FAILED: { description: 'A trace with the status ERROR.' },
    STUCK: {
      description:
        'A trace that has not ended according to the files, while nothing in its whole tree has been written for `--stale-after` (10 minutes unless set).',
    },
    DEEP: {
      description:
        'A session whose tree is unusually deep, with at least 5 levels; compared with the sessions that delegate.',
    },
    WIDE: {
      description:
        'A trace that made unusually many delegations itself, at least 10; compared with the traces of its agent that made any.',
    },
    REPEATED: {
      description:
        'A trace that sent the same agent the same or nearly the same prompt three times or more: a loop. Prompts are compared by the words in their first 10,000 characters, ignoring case, order and punctuation: they are the same when they have the same words, and nearly the same when at least nine tenths of the words that are in either are in both. Each is compared with the one before it that went to the same agent.',
    },
  } satisfies Record<Kind, { description: string }>,
})
