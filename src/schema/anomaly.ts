import { explain, subjectOf } from '../resolvers/anomalies.ts'
import type { Anomaly as Row } from '../store/store.ts'
import { AnomalyBaseline } from './anomaly-baseline.ts'
import { AnomalyKind } from './anomaly-kind.ts'
import { AnomalySubject } from './anomaly-subject.ts'
import { builder } from './builder.ts'
import { planTraces } from './selection.ts'

export const Anomaly = builder.objectRef<Row>('Anomaly')

Anomaly.implement({
  description: 'A trace or session that is out of the ordinary, and why.',
  fields: (t) => ({
    kind: t.expose('kind', { type: AnomalyKind, description: 'In what way it stands out.' }),
    subject: t.field({
      type: AnomalySubject,
      description: 'The trace or session that stands out.',
      resolve: (anomaly, _args, context, info) => subjectOf(anomaly, context, planTraces(info).own),
    }),
    score: t.exposeFloat('score', {
      description:
        'How far it stands out: the robust z-score of what is measured; for REPEATED the number of times; otherwise 1.',
    }),
    value: t.exposeFloat('value', {
      description:
        'The value that stands out: milliseconds (SLOW; for STUCK since anything was last written), US dollars (COSTLY), tokens (TOKEN_HEAVY), levels (DEEP), delegations (WIDE) or times (REPEATED); 1 for FAILED.',
    }),
    baseline: t.expose('baseline', {
      type: AnomalyBaseline,
      nullable: true,
      description: 'What is normal; null for FAILED, STUCK and REPEATED, which are not compared with anything.',
    }),
    explanation: t.string({
      description:
        'Why it stands out, in one sentence; for what was compared, with the value, the median and the sample size.',
      resolve: explain,
    }),
  }),
})
