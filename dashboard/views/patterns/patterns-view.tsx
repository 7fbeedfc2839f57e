/** The patterns view: the matches of the filter bar's pattern, each as a small chain with links to its traces. */
import { SearchPatternDocument } from 'delegraph/client'
import { type Place, sessionFilterOf, usePlace } from '../../data/place.ts'
import { usePages } from '../../data/use-pages.ts'
import { MoreButton } from '../../parts/more-button.tsx'
import { Loading, Notice, Problem } from '../../parts/notice.tsx'
import { ShowQuery } from '../../parts/show-query.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { useFigures, useWords } from '../../words/index.tsx'
import { MatchChain } from './match-chain.tsx'

const SHOWN = 100
const NOTHING = { totalCount: 0, sessionCount: 0, warnings: [] }

/** The variables of `searchPattern`: the pattern itself, and the other filters, which select the sessions to search. */
function variablesOf(place: Place) {
  const { pattern = '', ...filter } = sessionFilterOf(place)
  return { pattern: pattern ?? '', filter, direction: 'DESC' as const, first: SHOWN }
}

export default function PatternsView() {
  const words = useWords()
  useTitle(words.views.patterns)
  const figures = useFigures()
  const place = usePlace()
  const variables = variablesOf(place)
  const answer = usePages(
    SearchPatternDocument,
    (after) => ({ ...variables, after }),
    ({ searchPattern }) => searchPattern,
    { enabled: variables.pattern !== '' },
  )
  const content = () => {
    if (variables.pattern === '') return <Notice title={words.patterns.none} hint={words.patterns.noneHint} />
    if (answer.isPending) return <Loading />
    if (answer.isError && !answer.data) return <Problem error={answer.error} onRetry={() => answer.refetch()} />
    const nodes = answer.data.pages.flatMap((page) => page.searchPattern.nodes)
    const { totalCount, sessionCount, warnings } = answer.data.pages[0]?.searchPattern ?? NOTHING
    return (
      <>
        <p aria-live="polite">
          {words.patterns.count(totalCount, figures.exact(totalCount))},{' '}
          {words.sessions.count(sessionCount, figures.exact(sessionCount))}{' '}
          {totalCount > 0 ? <span className="muted">{words.sessions.recent}</span> : null}
        </p>
        {warnings.length === 0 ? null : (
          <ul className="flags">
            {warnings.map((warning) => (
              <li key={warning} lang="en">
                {warning}
              </li>
            ))}
          </ul>
        )}
        <ol className="matches">
          {nodes.map((match) => (
            <MatchChain
              key={[match.session.id, match.chain, ...match.bindings.map(({ trace }) => trace.id)].join(' ')}
              match={match}
              place={place}
            />
          ))}
        </ol>
        <MoreButton pages={answer} shown={nodes.length} total={totalCount} />
      </>
    )
  }
  return (
    <div
      className={`scroller metrics${answer.isPlaceholderData ? ' stale' : ''}`}
      aria-busy={answer.isPlaceholderData}
      tabIndex={0}
    >
      <div className="heading-line">
        <h1>{words.views.patterns}</h1>
        {answer.data ? <ShowQuery document={SearchPatternDocument} variables={variables} /> : null}
      </div>
      {content()}
    </div>
  )
}
