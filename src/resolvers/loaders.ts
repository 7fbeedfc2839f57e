/**
 * The loaders of one request: each collects the keys requested at the same time and resolves them with one call of the
 * store. Trace loaders exist once per set of columns that the query wants; page loaders also per filter and page.
 */
import DataLoader from 'dataloader'
import type {
  AgentBaseline,
  AnalyticsReader,
  Anomaly,
  AnomalyReader,
  FlowEdge,
  FlowNode,
  IngestCounts,
  Page,
  PageArgs,
  SessionRow,
  StaleRule,
  TraceColumn,
  TraceFilter,
  TraceReader,
  TraceRow,
  TreeScope,
} from '../store/store.ts'
import { ancestorsOf } from './ancestors.ts'
import { type Handoff, handoffsOf } from './handoff.ts'
import type { LinkedTree } from './linked-tree.ts'
import { once } from './once.ts'
import { rootTracesOf } from './root-traces.ts'
import { subtreesOf } from './subtrees.ts'
import { treesOf } from './trees.ts'

export interface Loaders {
  session: DataLoader<string, SessionRow | null>
  childSessions: DataLoader<string, SessionRow[]>
  trace: ByColumns<string, TraceRow | null>
  children: ByColumns<string, TraceRow[]>
  /** By session: the traces that ran in it and have no parent. */
  rootTraces: ByColumns<string, TraceRow[]>
  /** By root session: all traces of its tree, linked. */
  tree: ByColumns<string, LinkedTree>
  /** By trace: its descendants, linked. */
  subtree: ByColumns<TraceRow, LinkedTree>
  /** By trace: its ancestors, root first. */
  ancestors: ByColumns<TraceRow, TraceRow[]>
  /** By part of a tree: a page of the traces in it that match the filter. */
  treePage: (
    filter: TraceFilter,
    page: PageArgs,
    columns: ReadonlySet<TraceColumn>,
  ) => DataLoader<TreeScope, Page<TraceRow>, string>
  treeCount: (filter: TraceFilter) => DataLoader<TreeScope, number, string>
  /** By session: the flow nodes of its whole tree. */
  flowNodes: DataLoader<string, FlowNode[]>
  flowEdges: DataLoader<string, FlowEdge[]>
  /** By agent: what is normal for it. */
  baseline: DataLoader<string, AgentBaseline | null>
  /** By trace, whose row must have been read with its prompt. */
  handoff: DataLoader<TraceRow, Handoff | null, string>
  traceAnomalies: DataLoader<string, Anomaly[]>
  /** By session: its own anomalies and those of its whole tree. */
  sessionAnomalies: DataLoader<string, Anomaly[]>
  /** The counts of everything in the store. */
  counts: () => Promise<IngestCounts>
}

export type ByColumns<K, V> = (columns: ReadonlySet<TraceColumn>) => DataLoader<K, V, string>

export function createLoaders(
  store: TraceReader & AnalyticsReader & AnomalyReader,
  rule: StaleRule,
  anomalyThreshold: number,
  trees: WeakMap<TraceRow, LinkedTree>,
): Loaders {
  const remember = (tree: LinkedTree) => {
    for (const row of tree.rows) trees.set(row, tree)
    return tree
  }
  return {
    session: new DataLoader((ids) => store.getSessions(ids, rule)),
    childSessions: new DataLoader((ids) => store.getChildSessions(ids, rule)),
    trace: byColumns((ids, columns) => store.getTraceDetails(ids, columns, rule)),
    children: byColumns((ids, columns) => store.getChildren(ids, columns, rule)),
    rootTraces: byColumns((ids, columns) => rootTracesOf(store, rule, ids, columns)),
    tree: byColumns(async (ids, columns) => (await treesOf(store, rule, ids, columns)).map(remember)),
    subtree: byRow((rows, columns) => subtreesOf(store, rule, rows, columns, remember)),
    ancestors: byRow((rows, columns) => ancestorsOf(store, rule, rows, columns)),
    treePage: oncePer(
      (filter, page, columns) => JSON.stringify([filter, page, keyOf(columns)]),
      (filter, page, columns) => byScope((scopes) => store.pageTrees(scopes, filter, page, columns, rule)),
    ),
    treeCount: oncePer(JSON.stringify, (filter) => byScope((scopes) => store.countTrees(scopes, filter, rule))),
    flowNodes: new DataLoader((sessionIds) => store.flowNodes({ kind: 'sessions', sessionIds }, rule)),
    flowEdges: new DataLoader((sessionIds) => store.flowEdges({ kind: 'sessions', sessionIds }, rule)),
    baseline: new DataLoader((agents) => store.agentBaselines(agents)),
    handoff: new DataLoader((rows) => handoffsOf(store, rule, rows), { cacheKeyFn: (row) => row.id }),
    traceAnomalies: new DataLoader((ids) => store.anomaliesOf({ kind: 'traces', ids }, anomalyThreshold, rule)),
    sessionAnomalies: new DataLoader((ids) => store.anomaliesOf({ kind: 'sessions', ids }, anomalyThreshold, rule)),
    counts: once(() => store.countAll()),
  }
}

type Batch<K, V> = (keys: readonly K[], columns: ReadonlySet<TraceColumn>) => Promise<readonly V[]>

function byColumns<V>(batch: Batch<string, V>): ByColumns<string, V> {
  return oncePerColumns((columns) => new DataLoader((keys) => batch(keys, columns)))
}

function byRow<V>(batch: Batch<TraceRow, V>): ByColumns<TraceRow, V> {
  return oncePerColumns((columns) => new DataLoader((rows) => batch(rows, columns), { cacheKeyFn: (row) => row.id }))
}

function byScope<V>(batch: (scopes: readonly TreeScope[]) => Promise<readonly V[]>): DataLoader<TreeScope, V, string> {
  return new DataLoader(batch, { cacheKeyFn: JSON.stringify })
}

function oncePerColumns<K, V>(
  create: (columns: ReadonlySet<TraceColumn>) => DataLoader<K, V, string>,
): ByColumns<K, V> {
  const byKey = oncePer(keyOf, create)
  const bySet = new WeakMap<ReadonlySet<TraceColumn>, DataLoader<K, V, string>>()
  return (columns) => {
    const loader = bySet.get(columns) ?? byKey(columns)
    bySet.set(columns, loader)
    return loader
  }
}

const keyOf = (columns: ReadonlySet<TraceColumn>): string => [...columns].sort().join()

/** Memoizes `create` by a key of its arguments. */
function oncePer<A extends unknown[], V>(key: (...args: A) => string, create: (...args: A) => V): (...args: A) => V {
  const made = new Map<string, V>()
  return (...args) => {
    const name = key(...args)
    const known = made.get(name) ?? create(...args)
    made.set(name, known)
    return known
  }
}
