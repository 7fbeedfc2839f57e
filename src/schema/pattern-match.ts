import { present } from '../resolvers/existing.ts'
import { spanOf, totalOf } from '../resolvers/pattern.ts'
import type { PatternMatch as Match } from '../store/store.ts'
import { builder } from './builder.ts'
import { PatternBinding } from './pattern-binding.ts'
import { PatternEdge } from './pattern-edge.ts'
import { Session } from './session-ref.ts'
import { Usage } from './usage.ts'

export const PatternMatch = builder.objectRef<Match>('PatternMatch')

PatternMatch.implement({
  description:
    'One match of a chain of a pattern in a session: a trace for each of its steps. A session that matches the pattern without a match of any chain, as with `NOT tester`, is one match without bindings; its times and its usage are those of the session.',
  fields: (t) => ({
    session: t.field({
      type: Session,
      description: 'The root session.',
      resolve: async ({ rootSessionId }, _args, { loaders }) =>
        present(await loaders.session.load(rootSessionId), rootSessionId),
    }),
    chain: t.exposeInt('chain', {
      description:
        'The index of the chain in the pattern, from 0, not counting chains under a NOT: in `a -> b OR c ; d` the second is 1.',
    }),
    bindings: t.expose('bindings', {
      type: [PatternBinding],
      description: 'The trace of each step, in the order of the steps. Steps with a `!` have no trace.',
    }),
    edges: t.expose('edges', {
      type: [PatternEdge],
      description:
        'How each trace is related to the one before it, in the order of the steps: one fewer than there are bindings.',
    }),
    startedAt: t.field({
      type: 'DateTime',
      description: 'When the first of its traces started.',
      resolve: async (match, _args, context) => (await spanOf(match, context)).startedMs,
    }),
    endedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the last of its traces ended; null while one of them has not.',
      resolve: async (match, _args, context) => (await spanOf(match, context)).endedMs,
    }),
    durationMs: t.float({
      description:
        'Milliseconds from the first start to the last end; for a trace that has not ended, its last activity counts.',
      resolve: async (match, _args, context) => (await spanOf(match, context)).durationMs,
    }),
    total: t.field({
      type: Usage,
      description:
        'What its traces used, including everything below them; a trace below another one of them is not counted again.',
      resolve: (match, _args, context) => totalOf(match, context),
    }),
  }),
})
