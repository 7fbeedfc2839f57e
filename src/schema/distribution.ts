import type { Distribution as Row } from '../store/store.ts'
import { builder } from './builder.ts'

export const Distribution = builder.objectRef<Row>('Distribution')

Distribution.implement({
  description:
    'How values are spread. A value that is absent (the duration of what still runs) is not counted; all is 0 when there is none. Quantiles between two values are interpolated.',
  fields: (t) => ({
    count: t.exposeInt('count', { description: 'How many values there are.' }),
    min: t.exposeFloat('min', { description: 'The least.' }),
    p50: t.exposeFloat('p50', { description: 'The median: half of them are not larger.' }),
    p90: t.exposeFloat('p90', { description: '90 of 100 are not larger.' }),
    p95: t.exposeFloat('p95', { description: '95 of 100 are not larger.' }),
    p99: t.exposeFloat('p99', { description: '99 of 100 are not larger.' }),
    max: t.exposeFloat('max', { description: 'The greatest.' }),
    mean: t.exposeFloat('mean', { description: 'The average.' }),
    sum: t.exposeFloat('sum', { description: 'All added up.' }),
  }),
})
