import { builder } from './builder.ts'
import { OrderDirection } from './order-direction.ts'
import { TraceOrderField } from './trace-order-field.ts'

export const TraceOrder = builder.inputType('TraceOrder', {
  description: 'How to order traces, such as `{ field: COST }` for the most expensive first.',
  fields: (t) => ({
    field: t.field({ type: TraceOrderField, required: true, description: 'What to order by.' }),
    direction: t.field({
      type: OrderDirection,
      defaultValue: 'DESC',
      description: 'Whether the smallest or the largest comes first; the largest or latest by default.',
    }),
  }),
})
