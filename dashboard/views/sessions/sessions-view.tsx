/** The main view: the list of sessions, the tree of the selected session, and the details of the selected trace. */
import { OpenSessionDocument, SessionOfTraceDocument } from 'delegraph/client'
import { useCallback, useEffect, useState } from 'react'
import { ask } from '../../data/ask.ts'
import { go, usePlace } from '../../data/place.ts'
import { useSessionList } from '../../data/use-sessions.ts'
import { Loading, Notice, Problem } from '../../parts/notice.tsx'
import { Splitter, useSplitter } from '../../parts/splitter.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { useWords } from '../../words/index.tsx'
import { DetailPanel } from './detail/detail-panel.tsx'
import { SessionList } from './list/session-list.tsx'
import { type Opened, OpenedDialog } from './opened-dialog.tsx'
import { SessionHeading } from './session-heading.tsx'
import type { Row } from './tree/rows.ts'
import { TreeGrid } from './tree/tree-grid.tsx'
import { useTree } from './use-tree.ts'

export function SessionsView() {
  const words = useWords()
  const place = usePlace()
  const list = useSessionList(place)
  const splitter = useSplitter('details', 34)
  const latest = list.isPlaceholderData ? null : (list.sessions[0]?.id ?? null)
  const sessionId = place.session ?? latest
  // The latest session goes into the URL, so that a newer one that arrives does not replace it while the user reads.
  useEffect(() => {
    if (place.session === null && latest !== null) go({ session: latest }, { replace: true })
  }, [place.session, latest])
  const { answer, isComing, session, tree, total, problem } = useTree(sessionId)
  useTitle(session ? words.sessions.titled(session.title) : words.views.sessions)
  const chosen = place.trace ?? tree.rows[0]?.trace.id ?? null
  const { open, openTrace, dialog } = useOpening()
  const shownId = session?.id ?? ''
  const openRow = useCallback((row: Row) => openTrace(row.trace.id, shownId), [openTrace, shownId])

  const instead = () => {
    if (sessionId === null) return <Notice title={words.sessions.choose} hint={words.sessions.chooseHint} />
    if (isComing) return <Loading />
    if (answer.isError) return <Problem error={answer.error} onRetry={() => answer.refetch()} />
    return <Notice title={words.sessions.missing} hint={words.sessions.missingHint} />
  }
  const content = () => {
    if (!session) {
      return (
        <>
          <h1 className="offscreen">{words.views.sessions}</h1>
          {instead()}
        </>
      )
    }
    return (
      <>
        <SessionHeading session={session} onOpen={() => open(session.id)} />
        {tree.rows.length === 0 ? (
          <Notice title={words.tree.none} hint={words.tree.noneHint} />
        ) : (
          <TreeGrid key={session.id} tree={tree} chosen={chosen} total={total} problem={problem} onOpen={openRow} />
        )}
      </>
    )
  }

  return (
    <div className="sessions-view">
      <nav className="pane session-pane" aria-label={words.sessions.list}>
        <SessionList list={list} place={place} chosen={sessionId} />
      </nav>
      <div className="split" style={{ ['--right' as string]: `${splitter.percent}%` }}>
        <section className="pane tree-pane" aria-label={words.tree.label}>
          {content()}
        </section>
        <Splitter state={splitter} label={words.splitter} controls="details" />
        <section className="pane detail-pane" id="details" tabIndex={-1} aria-label={words.detail.label}>
          {chosen === null ? <Notice title={words.detail.choose} /> : <DetailPanel key={chosen} id={chosen} />}
        </section>
      </div>
      {dialog}
    </div>
  )
}

function useOpening() {
  const [opened, setOpened] = useState<Opened | null>(null)
  const openTheOneOf = useCallback(async (find: () => Promise<string>) => {
    try {
      setOpened((await ask(OpenSessionDocument, { id: await find() })).openSession)
    } catch (error) {
      setOpened({ failure: error instanceof Error ? error.message : String(error) })
    }
  }, [])
  const open = (id: string) => openTheOneOf(async () => id)
  /** Opens the session that the trace ran in, or `whole` (the session shown) if its child session does not exist. */
  const openTrace = useCallback(
    (id: string, whole: string) =>
      openTheOneOf(async () => (await ask(SessionOfTraceDocument, { id })).trace?.session?.id ?? whole),
    [openTheOneOf],
  )
  return { open, openTrace, dialog: opened ? <OpenedDialog opened={opened} onClose={() => setOpened(null)} /> : null }
}
