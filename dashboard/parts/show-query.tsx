import type { TypedDocument } from 'delegraph/client'
import { graphiqlUrl } from '../data/graphiql.ts'
import { useWords } from '../words/index.tsx'
import { Icon } from './icon.tsx'

/** Leads to GraphiQL with what a view has asked for. */
export function ShowQuery<Variables>({
  document,
  variables,
  small = false,
}: {
  document: TypedDocument<unknown, Variables>
  variables: Variables
  /** Where there is no room for the words. */
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
