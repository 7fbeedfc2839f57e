import { present } from '../resolvers/existing.ts'
import type { PatternMatch } from '../store/store.ts'
import { builder } from './builder.ts'
import { planTraces } from './selection.ts'
import { Trace } from './trace-ref.ts'

export const PatternBinding = builder.objectRef<PatternMatch['bindings'][number]>('PatternBinding')

PatternBinding.implement({
  description: 'The trace that matched one step of a pattern.',
  fields: (t) => ({
    step: t.exposeInt('step', {
      description:
        'The index of the step in its chain, from 0. Steps with a `!` count as well, although no trace is bound to them.',
    }),
    alias: t.exposeString('alias', {
      nullable: true,
      description: 'The name that the pattern gave the step, as in `first:tester`; null when it gave none.',
    }),
    trace: t.field({
      type: Trace,
      description: 'The trace.',
      resolve: async ({ traceId }, _args, { loaders }, info) =>
        present(await loaders.trace(planTraces(info).own).load(traceId), traceId),
    }),
  }),
})
