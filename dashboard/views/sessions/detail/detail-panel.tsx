/** The detail panel: everything about one trace. */
import { TraceDetailDocument, type TraceDetailQuery } from 'delegraph/client'
import { useAnswer } from '../../../data/use-answer.ts'
import { AgentName } from '../../../parts/agent-name.tsx'
import { Loading, Notice, Problem } from '../../../parts/notice.tsx'
import { ShowQuery } from '../../../parts/show-query.tsx'
import { StatusBadge } from '../../../parts/status-badge.tsx'
import { useWords } from '../../../words/index.tsx'
import { Baseline } from './baseline.tsx'
import { Breadcrumb } from './breadcrumb.tsx'
import { Facts } from './facts.tsx'
import { Handoff } from './handoff.tsx'
import { Tools } from './tools.tsx'
import { UsageTable } from './usage-table.tsx'
import { WholeText } from './whole-text.tsx'

/** Number of tool calls queried at first: an agent may have made thousands. */
const FIRST_CALLS = 50

export type DetailedTrace = NonNullable<TraceDetailQuery['trace']>

export function DetailPanel({ id }: { id: string }) {
  const words = useWords()
  const answer = useAnswer(TraceDetailDocument, { id, toolCalls: FIRST_CALLS })
  if (answer.isPending) return <Loading />
  if (answer.isError && !answer.data) return <Problem error={answer.error} onRetry={() => answer.refetch()} />
  const trace = answer.data?.trace
  if (!trace) return <Notice title={words.detail.missing} />
  return (
    <div className="scroller detail" tabIndex={0}>
      <header className="detail-head">
        <div className="heading-line">
          <h2>
            <AgentName agent={trace.agent} />
          </h2>
          <ShowQuery document={TraceDetailDocument} variables={{ id, toolCalls: FIRST_CALLS }} small />
        </div>
        <p className="detail-description">
          <StatusBadge status={trace.status} />
          {trace.description ?? (trace.kind === 'USER_TURN' ? words.detail.turnOf : '')}
        </p>
        <Breadcrumb trace={trace} />
      </header>
      <Flags trace={trace} />
      {trace.error === null ? null : (
        <section className="detail-error" aria-label={words.detail.error}>
          <strong>{trace.error.name}</strong>
          <p>{trace.error.message}</p>
        </section>
      )}
      <Facts trace={trace} />
      <Baseline id={id} />
      <WholeText title={words.detail.prompt} text={trace.promptInput} />
      <WholeText title={words.detail.answer} text={trace.promptOutput} />
      {trace.kind === 'DELEGATION' ? <Handoff id={id} /> : null}
      <UsageTable own={trace.own} total={trace.total} />
      <Tools trace={trace} />
    </div>
  )
}

function Flags({ trace }: { trace: DetailedTrace }) {
  const words = useWords()
  const flags = (['linkInferred', 'orphan', 'copied', 'reverted'] as const).filter((flag) => trace[flag])
  if (flags.length === 0) return null
  return (
    <ul className="flags">
      {flags.map((flag) => (
        <li key={flag}>{words.detail.flags[flag]}</li>
      ))}
    </ul>
  )
}
