import type { Anomaly } from '../store/store.ts'
import { builder } from './builder.ts'

export const AnomalyBaseline = builder.objectRef<NonNullable<Anomaly['baseline']>>('AnomalyBaseline')

AnomalyBaseline.implement({
  description: 'What something was compared with.',
  fields: (t) => ({
    median: t.exposeFloat('median', {
      description: 'The median, in the unit of the value: that of the logarithms, taken back.',
    }),
    mad: t.exposeFloat('mad', {
      description: 'The median distance of the natural logarithms from theirs: 0.69 is twice or half the median.',
    }),
    sampleSize: t.exposeInt('sampleSize', { description: 'How many there are; at least 8.' }),
  }),
})
