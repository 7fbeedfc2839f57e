import { agentDeltas, onlyIn, type SessionComparison as Row } from '../resolvers/compare.ts'
import { AgentDelta } from './agent-delta.ts'
import { builder } from './builder.ts'
import { planTraces } from './selection.ts'
import { Session } from './session-ref.ts'
import { Trace } from './trace-ref.ts'

export const SessionComparison = builder.objectRef<Row>('SessionComparison')

SessionComparison.implement({
  description:
    'Two sessions side by side, each with its whole tree. Traces are counterparts when the same agents lead to them, each called as the n-th of its kind: the second tester of the first executeur in one is that of the other, whatever else was called in between.',
  fields: (t) => ({
    a: t.expose('a', { type: Session, description: 'The first.' }),
    b: t.expose('b', { type: Session, description: 'The second.' }),
    agents: t.field({
      type: [AgentDelta],
      description: 'What each agent did in either, by name.',
      resolve: (comparison, _args, context) => agentDeltas(comparison, context),
    }),
    onlyInA: t.field({
      type: [Trace],
      description: 'The traces of the first that have no counterpart in the second, depth first.',
      resolve: (comparison, _args, context, info) => onlyIn('a', comparison, context, planTraces(info).own),
    }),
    onlyInB: t.field({
      type: [Trace],
      description: 'The traces of the second that have no counterpart in the first, depth first.',
      resolve: (comparison, _args, context, info) => onlyIn('b', comparison, context, planTraces(info).own),
    }),
  }),
})
