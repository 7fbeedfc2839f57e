import { builder } from './builder.ts'

export const OrderDirection = builder.enumType('OrderDirection', {
  description: 'Which end comes first.',
  values: {
    ASC: { description: 'The least, earliest first.' },
    DESC: { description: 'The greatest, latest first.' },
  },
})
