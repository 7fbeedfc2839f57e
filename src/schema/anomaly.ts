import { explain, subjectOf } from '../resolvers/anomalies.ts'
import type { Anomaly as Row } from '../store/store.ts'
import { AnomalyBaseline } from './anomaly-baseline.ts'
import { AnomalyKind } from './anomaly-kind.ts'
import { AnomalySubject } from './anomaly-subject.ts'
import { builder } from './builder.ts'
import { planTraces } from './selection.ts'

export const Anomaly = builder.objectRef<Row>('Anomaly')

Anomaly.implement({
  description: 'Something that is not as it usually is.',
  fields: (t) => ({
    kind: t.expose('kind', { type: AnomalyKind, description: 'In what it stands out.' }),
    subject: t.field({
      type: AnomalySubject,
      description: 'What stands out.',
      resolve: (anomaly, _args, context, info) => subjectOf(anomaly, context, planTraces(info).own),
    }),
    score: t.exposeFloat('score', {
      description:
        'How far it stands out: the robust z-score of what is measured; of REPEATED the number of times; otherwise 1.',
    }),
    value: t.exposeFloat('value', {
      description:
        'What it came to: milliseconds (SLOW; STUCK: since anything was written), US dollars (COSTLY), tokens (TOKEN_HEAVY), levels (DEEP), delegations (WIDE), times (REPEATED); 1 for FAILED.',
    }),
    baseline: t.expose('baseline', {
      type: AnomalyBaseline,
      nullable: true,
      description: 'What is normal; null for FAILED, STUCK and REPEATED, which need no comparison.',
    }),
    explanation: t.string({
      description: 'Why, in one plain sentence: with the value, the median and the size of the sample.',
      resolve: explain,
    }),
  }),
})
