/** The compare view: two sessions side by side, as a whole, by agent and by trace. */
import { CompareSessionsDocument, TreeRowsDocument } from 'delegraph/client'
import { useMemo } from 'react'
import { go, type Place, usePlace } from '../../data/place.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { SessionPicker } from '../../filters/session-picker.tsx'
import { Loading, Notice, Problem } from '../../parts/notice.tsx'
import { PlaceLink } from '../../parts/place-link.tsx'
import { ShowQuery } from '../../parts/show-query.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { useFigures, useWords } from '../../words/index.tsx'
import { alignTrees } from './align.ts'
import { AlignedTree } from './aligned-tree.tsx'
import { AgentDeltas, WholeTable } from './delta-table.tsx'
import '../../styles/compare.css'

export default function CompareView() {
  const words = useWords()
  useTitle(words.views.compare)
  const figures = useFigures()
  const place = usePlace()
  const [a, b] = [place.session ?? '', place.other ?? '']
  const enabled = a !== '' && b !== ''
  const answer = useAnswer(CompareSessionsDocument, { a, b }, { enabled })
  const treeA = useAnswer(TreeRowsDocument, { id: a }, { enabled: a !== '' })
  const treeB = useAnswer(TreeRowsDocument, { id: b }, { enabled: b !== '' })
  const [sessionA, sessionB] = [treeA.data?.session, treeB.data?.session]
  const rows = useMemo(
    () => (sessionA && sessionB ? alignTrees(sessionA.traces.nodes, sessionB.traces.nodes) : []),
    [sessionA, sessionB],
  )
  const comparison = answer.data?.compareSessions

  const content = () => {
    if (!enabled) return <Notice title={words.compare.choose} hint={words.compare.chooseHint} />
    if (answer.isPending || treeA.isPending || treeB.isPending) return <Loading />
    const failed = [answer, treeA, treeB].find((one) => one.isError && !one.data)
    if (failed) return <Problem error={failed.error} onRetry={() => failed.refetch()} />
    if (!comparison) return <Notice title={words.sessions.missing} hint={words.sessions.missingHint} />
    const { onlyInA, onlyInB } = comparison
    return (
      <>
        {a === b ? <p className="muted">{words.compare.same}</p> : null}
        <p aria-live="polite">
          {words.compare.onlyCount(
            words.sessions.traces(onlyInA.length, figures.exact(onlyInA.length)),
            words.sessions.traces(onlyInB.length, figures.exact(onlyInB.length)),
          )}
        </p>
        <div className="compare-cards">
          <section className="metrics-card" aria-labelledby="whole-title">
            <h2 id="whole-title">{words.compare.whole}</h2>
            <WholeTable comparison={comparison} />
          </section>
          <section className="metrics-card" aria-labelledby="deltas-title">
            <h2 id="deltas-title">{words.compare.agents}</h2>
            <AgentDeltas comparison={comparison} />
          </section>
        </div>
        <AlignedTree key={`${a} ${b}`} rows={rows} place={place} a={a} b={b} />
      </>
    )
  }
  return (
    <div className="scroller metrics compare" tabIndex={0}>
      <div className="heading-line compare-heading">
        <h1>{words.views.compare}</h1>
        <Side place={place} side="session" title={sessionA?.title} />
        <button
          type="button"
          className="button button-icon"
          aria-label={words.compare.swap}
          title={words.compare.swap}
          onClick={() => go({ session: place.other, other: place.session, trace: null })}
        >
          ⇄
        </button>
        <Side place={place} side="other" title={sessionB?.title} />
        <span className="toolbar-gap" />
        {enabled ? <ShowQuery document={CompareSessionsDocument} variables={{ a, b }} /> : null}
      </div>
      {content()}
    </div>
  )
}

/** One of the two sessions: its title, once loaded, and a field to choose another. */
function Side({ place, side, title }: { place: Place; side: 'session' | 'other'; title: string | undefined }) {
  const words = useWords()
  const id = place[side]
  const pick = ({ id }: { id: string }) => go(side === 'session' ? { session: id, trace: null } : { other: id })
  return (
    <div className="compare-side">
      {id === null ? null : (
        <PlaceLink
          place={place}
          change={{ view: 'sessions', session: id, trace: null }}
          className="ellipsis compare-title"
          title={id}
        >
          {title === undefined ? null : words.sessions.titled(title)}{' '}
          <code className="muted">{title === undefined ? id : id.slice(-6)}</code>
        </PlaceLink>
      )}
      <SessionPicker label={words.compare.pick[side]} name={`compare-${side}`} onChoose={pick} />
    </div>
  )
}
