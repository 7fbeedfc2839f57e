import { builder } from './builder.ts'

/** The paging arguments of a list that can be long, which `listPage` checks. */
export const pageArguments = builder.args((t) => ({
  first: t.int({
    description: 'Return the first n items, from 0 to 500; 50 when neither `first` nor `last` is given.',
  }),
  after: t.string({ description: 'Return only items after this cursor.' }),
  last: t.int({
    description: 'Return the last n items, from 0 to 500, in the same order. Cannot be combined with `first`.',
  }),
  before: t.string({ description: 'Return only items before this cursor.' }),
}))

/** The paging arguments of a list that belongs to one object and is returned whole by default. */
export const partArguments = builder.args((t) => ({
  first: t.int({
    description: 'Return only the first n items; all of them when omitted: the list is never cut off silently.',
  }),
  after: t.string({ description: 'Return only items after this cursor.' }),
}))
