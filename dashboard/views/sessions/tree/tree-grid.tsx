/** The tree table: a virtualized treegrid. */

import { type KeyboardEvent, memo, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { go } from '../../../data/place.ts'
import { useAnchor } from '../../../data/use-anchor.ts'
import { useNow } from '../../../data/use-now.ts'
import { RestProblem } from '../../../parts/notice.tsx'
import { scaled } from '../../../parts/root-scale.ts'
import { isDrawn, useRows } from '../../../parts/use-rows.ts'
import { useWords } from '../../../words/index.tsx'
import { stepOf } from './keyboard.ts'
import { criticalRows, hasChildren, type Row, type Span, type Tree, visibleRows, waitsOf } from './rows.ts'
import { TimeAxis, TimeLines } from './time-axis.tsx'
import { TreeLegend } from './tree-legend.tsx'
import { rowId, TreeRow } from './tree-row.tsx'
import { TreeToolbar } from './tree-toolbar.tsx'
import { useTimeline } from './use-timeline.ts'
import { useToolTicks } from './use-tool-ticks.ts'

const ROW_PX = scaled(30)
/** Space for the label of a tick. */
const LABEL_PX = scaled(50)
const NOBODY: ReadonlySet<string> = new Set()
const NOTHING: ReadonlySet<number> = new Set()

interface Props {
  tree: Tree
  /** The trace whose details are shown. */
  chosen: string | null
  /** The number of rows, including those still being loaded. */
  total: number
  /** Why the remaining rows failed to load; null if they did not. */
  problem: { error: unknown; refetch: () => unknown } | null
  onOpen: (row: Row) => void
}

export const TreeGrid = memo(function TreeGrid({ tree, chosen, total, problem, onOpen }: Props) {
  const words = useWords()
  const scroller = useRef<HTMLDivElement>(null)
  const [collapsed, setCollapsed] = useState(NOBODY)
  const [critical, setCritical] = useState(false)
  const nowMs = useNow(tree.running)
  // Until all rows are loaded, the turns' lengths and the waits are unknown.
  const isWhole = tree.rows.length >= total
  const timeline = useTimeline(tree, nowMs, scroller)
  const wantedTicks = Math.max(2, Math.floor(timeline.axis.widthPx / LABEL_PX))
  const visible = useMemo(() => visibleRows(tree, collapsed), [tree, collapsed])
  const criticalOnes = useMemo(() => (critical && isWhole ? criticalRows(tree) : NOTHING), [tree, critical, isWhole])
  const waits = useMemo(() => rememberWaits(tree, nowMs), [tree, nowMs])
  const virtual = useRows(scroller, {
    count: visible.length,
    keyOf: (index) => visible[index]?.trace.id,
    rowPx: ROW_PX,
    overscan: 5,
    headPx: ROW_PX,
  })
  const ids = useMemo(() => visible.map((row) => row.trace.id), [visible])
  const noteScroll = useAnchor(scroller, ids, ROW_PX)
  const items = virtual.getVirtualItems()
  const calls = useToolTicks(ids, items[0]?.index ?? 0, items.at(-1)?.index ?? 0, !virtual.isScrolling)
  const at = useMemo(() => visible.findIndex((row) => row.trace.id === chosen), [visible, chosen])

  const opened = useRef<string | null>(null)
  // If a collapsed row hides the selected one, the selection moves to that collapsed row.
  useEffect(() => {
    const index = chosen === null ? undefined : tree.indexOf.get(chosen)
    if (index === undefined || opened.current !== chosen) return
    const hiding = callersOf(tree, index).findLast((id) => collapsed.has(id))
    if (hiding !== undefined) go({ trace: hiding }, { replace: true })
  }, [chosen, tree, collapsed])
  // A trace selected by a link or a breadcrumb is revealed once: its ancestors are expanded and it is scrolled to.
  useEffect(() => {
    const index = chosen === null ? undefined : tree.indexOf.get(chosen)
    if (index === undefined || opened.current === chosen) return
    opened.current = chosen
    setCollapsed((now) => without(now, callersOf(tree, index)))
  }, [chosen, tree])
  const scrolledTo = useRef<string | null>(null)
  useEffect(() => {
    if (at < 0 || scrolledTo.current === chosen) return
    scrolledTo.current = chosen
    virtual.scrollToIndex(at, { align: 'auto' })
  }, [at, chosen, virtual])

  const choose = useCallback((row: Row) => go({ trace: row.trace.id }), [])
  const toggle = useCallback((row: Row) => setCollapsed((now) => toggled(now, row.trace.id)), [])

  const press = (event: KeyboardEvent) => {
    const screen = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 2)
    const step = stepOf(event, { visible, at, collapsed, screen })
    if (!step) return
    event.preventDefault()
    const row = visible[at]
    if (step.do === 'move') {
      const id = visible[step.to]?.trace.id
      if (id !== undefined) go({ trace: id }, { replace: true })
    } else if (step.do === 'expand' || step.do === 'collapse') setCollapsed((now) => toggled(now, step.id))
    else if (step.do === 'expandAll') setCollapsed(NOBODY)
    else if (step.do === 'open') {
      if (row) onOpen(row)
    } else timeline.axis[step.do]()
  }

  const askAgain = () => {
    // The button disappears, and the focus would be lost with it.
    scroller.current?.focus({ preventScroll: true })
    problem?.refetch()
  }

  return (
    <>
      <TreeToolbar
        timeline={timeline}
        rest={problem === null ? total - tree.rows.length : 0}
        critical={critical}
        onCritical={setCritical}
        onExpandAll={() => setCollapsed(NOBODY)}
        onCollapseAll={() => setCollapsed(new Set(tree.rows.filter(hasChildren).map((row) => row.trace.id)))}
      />
      <div
        ref={scroller}
        className="scroller tree"
        role="treegrid"
        tabIndex={0}
        aria-label={words.tree.label}
        aria-rowcount={visible.length + total - tree.rows.length + 1}
        aria-busy={problem === null && !isWhole}
        aria-colcount={6}
        aria-activedescendant={chosen !== null && isDrawn(items, at) ? rowId(chosen) : undefined}
        onScroll={noteScroll}
        onKeyDown={press}
      >
        <div role="rowgroup" className="virtual" style={{ height: virtual.getTotalSize() }}>
          <div role="row" aria-rowindex={1} className="tree-head tree-columns">
            {(['agent', 'duration', 'tokens', 'cost', 'status'] as const).map((column) => (
              <span key={column} role="columnheader" className={`tree-head-${column}`}>
                {words.tree[column]}
              </span>
            ))}
            <span role="columnheader" className="tree-head-timeline" {...timeline.axis.cell}>
              <span className="offscreen">{words.tree.timeline}</span>
              {isWhole ? (
                <TimeAxis
                  scale={timeline.scale}
                  viewport={timeline.viewport}
                  wanted={wantedTicks}
                  widthPx={timeline.axis.widthPx}
                />
              ) : null}
            </span>
          </div>
          {isWhole ? <TimeLines scale={timeline.scale} viewport={timeline.viewport} wanted={wantedTicks} /> : null}
          {items.map((item) => {
            const row = visible[item.index]
            const root = row ? tree.rows[row.root] : undefined
            if (!row || !root) return null
            return (
              <TreeRow
                key={row.trace.id}
                row={row}
                root={root}
                rowIndex={item.index + 2}
                top={item.start}
                open={!collapsed.has(row.trace.id)}
                chosen={row.trace.id === chosen}
                critical={criticalOnes.has(row.index)}
                endMs={row.endMs ?? nowMs}
                rootEndMs={root.endMs ?? nowMs}
                waits={isWhole ? waits(row) : null}
                calls={calls.get(row.trace.id) ?? null}
                scale={timeline.scale}
                viewport={timeline.viewport}
                onChoose={choose}
                onToggle={toggle}
                onOpen={onOpen}
              />
            )
          })}
        </div>
      </div>
      {problem === null ? null : (
        <RestProblem error={problem.error}>
          <button type="button" className="button" onClick={askAgain}>
            {words.retry}
          </button>
        </RestProblem>
      )}
      <TreeLegend />
    </>
  )
})

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set)
  if (!next.delete(id)) next.add(id)
  return next
}

function without(set: ReadonlySet<string>, ids: readonly string[]): ReadonlySet<string> {
  if (!ids.some((id) => set.has(id))) return set
  const next = new Set(set)
  for (const id of ids) next.delete(id)
  return next
}

function callersOf(tree: Tree, index: number): string[] {
  const callers: string[] = []
  for (let row = tree.rows[tree.rows[index]?.parent ?? -1]; row; row = tree.rows[row.parent]) {
    callers.push(row.trace.id)
  }
  return callers
}

/** Computes a row's waits when it first becomes visible and caches them: a root may have thousands of children. */
function rememberWaits(tree: Tree, nowMs: number): (row: Row) => readonly Span[] {
  const known = new Map<number, readonly Span[]>()
  return (row) => {
    let spans = known.get(row.index)
    if (!spans) {
      spans = waitsOf(tree, row, nowMs)
      known.set(row.index, spans)
    }
    return spans
  }
}
