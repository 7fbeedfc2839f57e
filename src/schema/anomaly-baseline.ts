import type { Anomaly } from '../store/store.ts'
import { builder } from './builder.ts'

export const AnomalyBaseline = builder.objectRef<NonNullable<Anomaly['baseline']>>('AnomalyBaseline')

AnomalyBaseline.implement({
  description: 'What an anomaly was compared with.',
  fields: (t) => ({
    median: t.exposeFloat('median', {
      description: 'The median of the sample, in the unit of `value`. It is computed on logarithms and converted back.',
    }),
    mad: t.exposeFloat('mad', {
      description:
        'The median absolute deviation of the natural logarithms from that of `median`: 0.69 means twice as much, or half.',
    }),
    sampleSize: t.exposeInt('sampleSize', {
      description: 'How many traces or sessions are in the sample; at least 8.',
    }),
  }),
})
