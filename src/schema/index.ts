/** The whole schema. Importing the files below registers their types and fields with the builder. */
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
    'What the agents of OpenCode did. A session is a conversation. A trace is one prompt in it, answered by one agent; the prompt came from a person (a turn) or from another agent (a delegation). Start at `Query.sessions`: `rootTraces` and `children` walk down a tree, and `traces` returns the whole tree at once as a flat list. Everywhere, `own` is what something used itself, and `total` includes everything below it. Times are in UTC, durations in milliseconds, costs in US dollars. Null without an error means that there is no such value. A request that is refused gets an error with a code in its `extensions`: BAD_USER_INPUT says what is wrong with an argument or a variable; PATTERN_SYNTAX gives the `position` in the pattern and what is `expected` there; PATTERN_TOO_BROAD and LIMIT_EXCEEDED give the `limit`, its `value`, and the `option` of delegraph that raises it, if there is one.',
})
