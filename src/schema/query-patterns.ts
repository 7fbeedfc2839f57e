/** The fields of `Query` that take a pattern. */
import { sessionFilter } from '../resolvers/filters.ts'
import { searchPattern, validatePattern } from '../resolvers/pattern.ts'
import { builder } from './builder.ts'
import { EdgeKind } from './edge-kind.ts'
import { OrderDirection } from './order-direction.ts'
import { PatternMatchConnection } from './pattern-match-connection.ts'
import { PatternValidation } from './pattern-validation.ts'
import { asksFor } from './selection.ts'
import { SessionFilter } from './session-filter.ts'

/** What a person needs who has only GraphiQL to learn it from. */
const LANGUAGE = `Steps are agents, at most 8 to a chain, joined by relations: \`a > b\` a called b, \`a >> b\` at any depth, \`a ; b\` b came right after a, called by the same one, \`a ;; b\` b came later in the session, \`a -> b\` called or right after, \`a ->> b\` below or later. \`*\` is any agent, \`te*\` some, \`{a, b}\` either, \`"…"\` a name with other characters. \`[…]\` holds conditions, all of which must hold, on agent, duration, active, cost, tokens, own.cost, own.tokens, depth, status, kind, tool, model, prompt, output and description: \`tester[status=error, duration>30s]\`. Numbers are compared by \`=\`, \`!=\`, \`>\`, \`>=\`, \`<\` and \`<=\` and may have units (\`500ms\`, \`8s\`, \`5m\`, \`2h\`, \`1d\`, without one milliseconds; \`10k\`, \`2M\`), cost in US dollars; words by \`=\` and \`!=\`, and by \`~\`, which is "contains", except for status and kind. \`tester ; !tester\` is a tester that none follows directly, \`x:tester\` names a step. \`NOT\`, \`AND\`, \`OR\` (the first binds most) and parentheses join whole chains within one session. In names and texts upper and lower case make no difference.`

builder.queryFields((t) => ({
  searchPattern: t.field({
    type: PatternMatchConnection,
    description: `Where one agent called another or ran after it, such as \`tester -> refactoring\`. ${LANGUAGE}`,
    args: {
      pattern: t.arg.string({ required: true, description: 'Such as `tester -> refactoring`.' }),
      via: t.arg({
        type: [EdgeKind],
        description: 'Which halves of `->` and `->>` count: `[DELEGATED]`, `[FOLLOWED]`, or both when left out.',
      }),
      filter: t.arg({
        type: SessionFilter,
        description: 'In which root sessions, whatever `rootsOnly` says; all when left out.',
      }),
      direction: t.arg({
        type: OrderDirection,
        description:
          'Which come first: ASC the matches in the sessions that began first, as when left out, DESC the latest ones.',
      }),
      first: t.arg.int({ description: 'The first so many, from 0 to 500. 50 when left out.' }),
      after: t.arg.string({ description: 'Only what comes after this cursor.' }),
    },
    resolve: (_root, { pattern, via, filter, direction, first, after }, context, info) =>
      searchPattern(
        context,
        { pattern, via: via ?? null, filter: sessionFilter(filter) },
        { direction: direction ?? 'ASC', first: first ?? null, after: after ?? null },
        asksFor(info, 'nodes', 'edges', 'pageInfo'),
      ),
  }),
  validatePattern: t.field({
    type: PatternValidation,
    description: 'Whether a text is a pattern of `searchPattern`, and if not, where and why.',
    args: { pattern: t.arg.string({ required: true, description: 'The text.' }) },
    resolve: (_root, { pattern }, context) => validatePattern(context, pattern),
  }),
}))
