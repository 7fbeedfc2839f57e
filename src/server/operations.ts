/** Reports each executed operation to the metrics and the log. */
import { type ExecutionArgs, getOperationAST } from 'graphql'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'

export interface Operation {
  /** One of `KNOWN_OPERATIONS`, or `other`. */
  name: string
  durationMs: number
  hasErrors: boolean
  /** Verbatim from the client, so it may contain private text. */
  query: string
  variables: Readonly<Record<string, unknown>>
}

/**
 * Operation names of the typed client and of GraphiQL, its tabs and its introspection. Other names are the client's
 * choice, so their number is unbounded.
 */
export const KNOWN_OPERATIONS: ReadonlySet<string> = new Set([
  'AbnormalRuns',
  'AgentRuns',
  'AgentStatistics',
  'Anomalies',
  'CalledOrRightAfter',
  'ChainOfExecution',
  'Changes',
  'CompareLatest',
  'CompareSessions',
  'CostliestDelegations',
  'CostlyBelow',
  'FailedAndLeft',
  'FilterFacets',
  'Flow',
  'Handoffs',
  'HistorySpan',
  'Ingest',
  'IngestNow',
  'IngestProgress',
  'IntrospectionQuery',
  'LatestSessions',
  'OpenSession',
  'Reading',
  'SearchPattern',
  'SearchText',
  'SearchTexts',
  'SessionAnomalies',
  'SessionFlow',
  'SessionOfTrace',
  'SessionTree',
  'Sessions',
  'ToolTicks',
  'TraceAnomalies',
  'TraceBaseline',
  'TraceDetail',
  'TraceHandoff',
  'TracePrompts',
  'Traces',
  'TreeRows',
  'UsageBy',
  'UsageByDay',
  'ValidatePattern',
  'WholeTree',
])

export interface OperationListener {
  onBegin: () => void
  onEnd: (operation: Operation) => void
}

export function useOperations({ onBegin, onEnd }: OperationListener): Plugin {
  return {
    onExecute({ args }) {
      onBegin()
      const begun = performance.now()
      return {
        onExecuteDone({ result }) {
          const { document, variableValues } = args
          onEnd({
            name: nameOf(args),
            durationMs: performance.now() - begun,
            hasErrors: !isAsyncIterable(result) && result.errors !== undefined,
            query: document.loc?.source.body ?? '',
            variables: variableValues ?? {},
          })
        },
      }
    },
  }
}

export function nameOf({ document, operationName }: Pick<ExecutionArgs, 'document' | 'operationName'>): string {
  const name = getOperationAST(document, operationName)?.name?.value
  return name !== undefined && KNOWN_OPERATIONS.has(name) ? name : 'other'
}
