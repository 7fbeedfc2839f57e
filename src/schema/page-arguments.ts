import { builder } from './builder.ts'

/** The arguments of a list that can be long. */
export const pageArguments = builder.args((t) => ({
  first: t.int({ description: 'The first so many, from 0 to 500. 50 when neither `first` nor `last` is given.' }),
  after: t.string({ description: 'Only what comes after this cursor.' }),
  last: t.int({ description: 'The last so many, from 0 to 500, in the same order. Not together with `first`.' }),
  before: t.string({ description: 'Only what comes before this cursor.' }),
}))

/** The arguments of a list that belongs to one thing and is given whole unless a part is asked for. */
export const partArguments = builder.args((t) => ({
  first: t.int({
    description: 'Only the first so many. All of them when it is left out: the list is never cut silently.',
  }),
  after: t.string({ description: 'Only what comes after this cursor.' }),
}))
