import { agentDeltas, onlyIn, type SessionComparison as Row } from '../resolvers/compare.ts'
import { AgentDelta } from './agent-delta.ts'
import { builder } from './builder.ts'
import { planTraces } from './selection.ts'
import { Session } from './session-ref.ts'
import { Trace } from './trace-ref.ts'

export const SessionComparison = builder.objectRef<Row>('SessionComparison')

SessionComparison.implement({
  description:
    'Two sessions side by side, each with its whole tree. Traces are counterparts when the same path of agents leads to them, counting calls of the same agent: the second tester that the first executeur called in one session is the counterpart of the second tester that the first executeur called in the other, whatever else was called in between.',
  fields: (t) => ({
    a: t.expose('a', { type: Session, description: 'The first session.' }),
    b: t.expose('b', { type: Session, description: 'The second session.' }),
    agents: t.field({
      type: [AgentDelta],
      description: 'What each agent did in either session, sorted by name.',
      resolve: (comparison, _args, context) => agentDeltas(comparison, context),
    }),
    onlyInA: t.field({
      type: [Trace],
      description: 'The traces of the first session that have no counterpart in the second, depth first.',
      resolve: (comparison, _args, context, info) => onlyIn('a', comparison, context, planTraces(info).own),
    }),
    onlyInB: t.field({
      type: [Trace],
      description: 'The traces of the second session that have no counterpart in the first, depth first.',
      resolve: (comparison, _args, context, info) => onlyIn('b', comparison, context, planTraces(info).own),
    }),
  }),
})
