/** The field of `Query` for full-text search. */
import { traceFilter } from '../resolvers/filters.ts'
import { textMatches } from '../resolvers/text.ts'
import { builder } from './builder.ts'
import { partArguments } from './page-arguments.ts'
import { TextField } from './text-field.ts'
import { TextMatchConnection } from './text-match-connection.ts'
import { TraceFilter } from './trace-filter.ts'

builder.queryField('searchText', (t) =>
  t.field({
    type: TextMatchConnection,
    description:
      'Prompts, answers, descriptions and titles that match, best match first. A text must contain every part of the query, `words`, `"phrases"` and `prefix*`, and nothing that is `-excluded`. Case and accents are ignored; a word also finds longer words that start with it, so `verifie` finds "vérifiée". Paths and names are searched for as written: `src/auth.js`, `user_id`.',
    args: {
      query: t.arg.string({
        required: true,
        description: 'What to search for; at least one word that is not excluded.',
      }),
      in: t.arg({ type: [TextField], description: 'Which texts to search; all when omitted.' }),
      filter: t.arg({ type: TraceFilter, description: 'Which traces to search; all when omitted.' }),
      first: t.arg.int({ description: 'Return the first n items, from 0 to 500; 50 when omitted.' }),
      after: partArguments.after,
    },
    resolve: (_root, { query, in: fields, filter, ...page }, { store, rule }) =>
      textMatches(store, { query, fields, filter: traceFilter(filter) }, page, rule),
  }),
)
