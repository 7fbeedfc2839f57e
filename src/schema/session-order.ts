import { builder } from './builder.ts'
import { OrderDirection } from './order-direction.ts'
import { SessionOrderField } from './session-order-field.ts'

export const SessionOrder = builder.inputType('SessionOrder', {
  description: 'How to order sessions, such as `{ field: COST }` for the most expensive first.',
  fields: (t) => ({
    field: t.field({ type: SessionOrderField, required: true, description: 'What to order by.' }),
    direction: t.field({
      type: OrderDirection,
      defaultValue: 'DESC',
      description: 'Whether the smallest or the largest comes first; the largest or latest by default.',
    }),
  }),
})
