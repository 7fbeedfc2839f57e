/** The field of `Query` that searches texts. */
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
      'Prompts, answers, descriptions and titles that match, the best first. A text has to have every word: `words`, `"phrases"`, `prefix*`, `-excluded`. Case and accents make no difference; a word is found where one begins with it, so `verifie` finds "vérifiée". Paths and names are found as they are: `src/auth.js`, `user_id`.',
    args: {
      query: t.arg.string({
        required: true,
        description: 'What to search for; at least one word that is not excluded.',
      }),
      in: t.arg({ type: [TextField], description: 'In which texts; in all when left out.' }),
      filter: t.arg({ type: TraceFilter, description: 'Of which traces; all when left out.' }),
      first: t.arg.int({ description: 'The first so many, from 0 to 500. 50 when it is left out.' }),
      after: partArguments.after,
    },
    resolve: (_root, { query, in: fields, filter, ...page }, { store, rule }) =>
      textMatches(store, { query, fields, filter: traceFilter(filter) }, page, rule),
  }),
)
