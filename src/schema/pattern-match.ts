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
    'One way in which a chain of a pattern fits a session: a trace for each of its steps. A session that fits without a match of any chain, as `NOT tester` does, is one match without bindings; what it took and spent is its session’s.',
  fields: (t) => ({
    session: t.field({
      type: Session,
      description: 'The root session.',
      resolve: async ({ rootSessionId }, _args, { loaders }) =>
        present(await loaders.session.load(rootSessionId), rootSessionId),
    }),
    chain: t.exposeInt('chain', {
      description:
        'Which chain of the pattern, from 0, those under a NOT left out: in `a -> b OR c ; d` the second is 1.',
    }),
    bindings: t.expose('bindings', {
      type: [PatternBinding],
      description: 'The trace of each step, in the order of the steps. Steps with a `!` have none.',
    }),
    edges: t.expose('edges', {
      type: [PatternEdge],
      description: 'How each trace comes after the one before it, in the order of the steps: one less than bindings.',
    }),
    startedAt: t.field({
      type: 'DateTime',
      description: 'When the first of its traces began.',
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
        'Milliseconds from the first start to the last end; of a trace that has not ended, to its last activity.',
      resolve: async (match, _args, context) => (await spanOf(match, context)).durationMs,
    }),
    total: t.field({
      type: Usage,
      description: 'What its traces spent with everything below them; a trace below another of them counts once.',
      resolve: (match, _args, context) => totalOf(match, context),
    }),
  }),
})
