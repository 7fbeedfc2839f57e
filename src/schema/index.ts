/** The whole schema: every file that adds to it is imported here, and nothing else happens. */
import { GraphQLSchema } from 'graphql'
import { builder } from './builder.ts'
import './scalars.ts'
import './query.ts'
import './query-analytics.ts'
import './query-patterns.ts'
import './query-text.ts'
import './mutation.ts'
import './subscription.ts'
import './session.ts'
import './trace.ts'

export const schema = new GraphQLSchema({
  ...builder.toSchema().toConfig(),
  description:
    'What the agents of OpenCode did. A session is a conversation; in it a trace is one prompt answered by one agent, asked by a person (a turn) or by another agent (a delegation). Begin at `Query.sessions`: `rootTraces` and `children` walk down a tree, `traces` gives all of it at once, flat. Everywhere `own` is what something spent itself and `total` what it spent with all below it. Times are UTC, durations milliseconds, costs US dollars; null without an error means that something is absent. What is refused is an error with a code in its `extensions`: BAD_USER_INPUT says what is wrong with an argument or a variable, PATTERN_SYNTAX the `position` in the pattern and what is `expected` there, PATTERN_TOO_BROAD and LIMIT_EXCEEDED the `limit`, its `value` and the `option` of delegraph that raises it, if one does.',
})
