import type { Distribution as Row } from '../store/store.ts'
import { builder } from './builder.ts'

export const Distribution = builder.objectRef<Row>('Distribution')

Distribution.implement({
  description:
    'How values are distributed. Missing values (such as the duration of a running trace) are not counted; all figures are 0 when there are no values. Quantiles between two values are interpolated.',
  fields: (t) => ({
    count: t.exposeInt('count', { description: 'How many values there are.' }),
    min: t.exposeFloat('min', { description: 'The smallest value.' }),
    p50: t.exposeFloat('p50', { description: 'The median: half of the values are not larger.' }),
    p90: t.exposeFloat('p90', { description: 'The 90th percentile: 90% of the values are not larger.' }),
    p95: t.exposeFloat('p95', { description: 'The 95th percentile: 95% of the values are not larger.' }),
    p99: t.exposeFloat('p99', { description: 'The 99th percentile: 99% of the values are not larger.' }),
    max: t.exposeFloat('max', { description: 'The largest value.' }),
    mean: t.exposeFloat('mean', { description: 'The average.' }),
    sum: t.exposeFloat('sum', { description: 'The sum of all values.' }),
  }),
})
