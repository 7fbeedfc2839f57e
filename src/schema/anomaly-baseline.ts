import type { Anomaly } from '../store/store.ts'
import { builder } from './builder.ts'

export const AnomalyBaseline = builder.objectRef<NonNullable<Anomaly['baseline']>>('AnomalyBaseline')

AnomalyBaseline.implement({
  description: 'What something was compared with.',
  fields: (t) => ({
    median: t.exposeFloat('median', {
      description:
        'The median of what it was compared with, in the unit of `value`: that of the logarithms, taken back.',
    }),
    mad: t.exposeFloat('mad', {
      description:
        'The median distance of the natural logarithms from that of `median`: 0.69 is twice as much, or half.',
    }),
    sampleSize: t.exposeInt('sampleSize', { description: 'How many it was compared with; at least 8.' }),
  }),
})
