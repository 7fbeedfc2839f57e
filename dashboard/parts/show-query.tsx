import type { TypedDocument } from 'delegraph/client'
import { graphiqlUrl } from '../data/graphiql.ts'
import { useWords } from '../words/index.tsx'
import { Icon } from './icon.tsx'

/** A link that opens a view's query in GraphiQL. */
export function ShowQuery<Variables>({
  document,
  variables,
  small = false,
}: {
  document: TypedDocument<unknown, Variables>
  variables: Variables
  /** Shows only the icon, for places without room for the text. */
  small?: boolean
}) {
  const words = useWords()
  return (
    <a
      className="button button-quiet"
      href={graphiqlUrl(document, variables)}
      target="_blank"
      rel="noopener"
      title={words.showQueryHint}
    >
      <Icon name="code" />
      <span className={small ? 'offscreen' : undefined}>{words.showQuery}</span>
    </a>
  )
}
