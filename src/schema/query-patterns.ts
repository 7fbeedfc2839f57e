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

/** The pattern language in one paragraph, so that it can be learned from the schema alone, for example in GraphiQL. */
const LANGUAGE = `A pattern is a chain of up to 8 steps, each of which names an agent, joined by relations: \`a > b\` a called b, \`a >> b\` at any depth, \`a ; b\` b came right after a, called by the same caller, \`a ;; b\` b came later in the session, \`a -> b\` called or right after, \`a ->> b\` below or later. \`*\` is any agent, \`te*\` any whose name starts with te, \`{a, b}\` either of the two, \`"…"\` a name with other characters. \`[…]\` holds conditions, all of which must hold, on agent, duration, active, cost, tokens, own.cost, own.tokens, depth, status, kind, tool, model, prompt, output and description: \`tester[status=error, duration>30s]\`. Numbers are compared with \`=\`, \`!=\`, \`>\`, \`>=\`, \`<\` and \`<=\`. They may have units: \`500ms\`, \`8s\`, \`5m\`, \`2h\` or \`1d\` for durations (milliseconds without a unit), \`10k\` or \`2M\` for others; costs are in US dollars. Words are compared with \`=\` and \`!=\`, and, except for status and kind, with \`~\`, which means "contains". \`tester ; !tester\` is a tester that no other one follows directly; \`x:tester\` gives a step a name. Whole chains are combined with \`NOT\`, \`AND\` and \`OR\` (\`NOT\` binds most tightly) and parentheses; what they say together must hold within one session. Case is ignored in names and texts.`

builder.queryFields((t) => ({
  searchPattern: t.field({
    type: PatternMatchConnection,
    description: `Finds where one agent called another or ran after it, such as \`tester -> refactoring\`. ${LANGUAGE}`,
    args: {
      pattern: t.arg.string({ required: true, description: 'The pattern, such as `tester -> refactoring`.' }),
      via: t.arg({
        type: [EdgeKind],
        description: 'Which halves of `->` and `->>` count: `[DELEGATED]`, `[FOLLOWED]`, or both when omitted.',
      }),
      filter: t.arg({
        type: SessionFilter,
        description: 'Which root sessions to search (`rootsOnly` has no effect); all when omitted.',
      }),
      direction: t.arg({
        type: OrderDirection,
        description:
          'Which matches come first: ASC those in the sessions that started first, which is the default; DESC the latest ones.',
      }),
      first: t.arg.int({ description: 'Return the first n items, from 0 to 500; 50 when omitted.' }),
      after: t.arg.string({ description: 'Return only items after this cursor.' }),
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
    description: 'Whether a text is a valid pattern for `searchPattern`, and if not, where and why.',
    args: { pattern: t.arg.string({ required: true, description: 'The text to check.' }) },
    resolve: (_root, { pattern }, context) => validatePattern(context, pattern),
  }),
}))
