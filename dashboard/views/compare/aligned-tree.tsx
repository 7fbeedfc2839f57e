/** Both trees in one virtualized table: the first tree's bars grow to the left, the second tree's to the right. */

import type { TreeRowFragment } from 'delegraph/client'
import { useRef, useState } from 'react'
import type { Place } from '../../data/place.ts'
import { AgentName } from '../../parts/agent-name.tsx'
import { PlaceLink } from '../../parts/place-link.tsx'
import { scaled } from '../../parts/root-scale.ts'
import { StatusSign } from '../../parts/status-badge.tsx'
import { useRows } from '../../parts/use-rows.ts'
import { WideTable } from '../../parts/wide-table.tsx'
import { useFigures, useWords } from '../../words/index.tsx'
import { indented, LEVELS_SEEN } from '../sessions/tree/indent.ts'
import { lastMs } from '../sessions/tree/rows.ts'
import type { AlignedRow } from './align.ts'

const ROW_PX = scaled(30)

const MEASURES = ['duration', 'tokens', 'cost'] as const
type Measure = (typeof MEASURES)[number]

const VALUE: Readonly<Record<Measure, (trace: TreeRowFragment) => number>> = {
  duration: (trace) => lastMs(trace) - Date.parse(trace.startedAt),
  tokens: (trace) => trace.total.tokens.total,
  cost: (trace) => trace.total.cost,
}

interface Props {
  rows: readonly AlignedRow[]
  place: Place
  a: string
  b: string
}

export function AlignedTree({ rows, place, a, b }: Props) {
  const words = useWords()
  const figures = useFigures()
  const scroller = useRef<HTMLDivElement>(null)
  const [measure, setMeasure] = useState<Measure>('duration')
  const value = VALUE[measure]
  const show = { duration: figures.duration, tokens: figures.short, cost: figures.cost }[measure]
  const most = rows.reduce((top, row) => Math.max(top, row.a ? value(row.a) : 0, row.b ? value(row.b) : 0), 0)
  const virtual = useRows(scroller, { count: rows.length, rowPx: ROW_PX, overscan: 5 })
  return (
    <section className="metrics-card" aria-labelledby="aligned-title">
      <div className="heading-line">
        <h2 id="aligned-title">{words.compare.tree}</h2>
        <span className="toolbar-gap" />
        <fieldset className="switch">
          <legend className="offscreen">{words.compare.measure}</legend>
          {MEASURES.map((name) => (
            <label key={name}>
              <input type="radio" name="measure" checked={measure === name} onChange={() => setMeasure(name)} />
              <span>{words.tree[name]}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <p className="muted">{words.compare.matched}</p>
      <WideTable titleId="aligned-title">
        <div className="compare-table" role="table" aria-labelledby="aligned-title" aria-rowcount={rows.length + 1}>
          <div role="row" aria-rowindex={1} className="compare-row compare-head">
            <span role="columnheader">{words.tree.agent}</span>
            <span role="columnheader" className="number">
              {words.compare.first}
            </span>
            <span role="columnheader" className="number compare-second">
              {words.compare.second}
            </span>
            <span role="columnheader" className="number">
              {words.compare.difference}
            </span>
          </div>
          <div ref={scroller} className="scroller compare-rows" role="rowgroup" tabIndex={0}>
            <div role="presentation" className="virtual" style={{ height: virtual.getTotalSize() }}>
              {virtual.getVirtualItems().map((item) => {
                const row = rows[item.index]
                if (!row) return null
                const side = row.a && row.b ? null : row.a ? 'a' : 'b'
                const [ofA, ofB] = [row.a ? value(row.a) : 0, row.b ? value(row.b) : 0]
                const difference = ofB - ofA
                const half = (trace: TreeRowFragment | null, of: number, name: 'a' | 'b', session: string) => (
                  <span role="cell" className={`compare-half compare-half-${name}`}>
                    {trace ? (
                      <>
                        <span className="compare-lane">
                          <span
                            className={`compare-bar bar-${trace.status.toLowerCase()}`}
                            style={{ width: `${most > 0 ? (of / most) * 100 : 0}%` }}
                          />
                        </span>
                        <PlaceLink
                          place={place}
                          change={{ view: 'sessions', session, trace: trace.id }}
                          className="compare-value"
                          title={trace.description ?? undefined}
                        >
                          <StatusSign status={trace.status} /> {show(of)}
                        </PlaceLink>
                      </>
                    ) : (
                      <span className="muted compare-value">–</span>
                    )}
                  </span>
                )
                return (
                  <div
                    key={row.key}
                    role="row"
                    aria-rowindex={item.index + 2}
                    className={`compare-row compare-line${side === null ? '' : ` compare-only-${side}`}`}
                    style={{ transform: `translateY(${item.start}px)` }}
                  >
                    <span role="cell" className="tree-agent" style={indented(row.level)}>
                      {row.level > LEVELS_SEEN ? <span className="tree-level">{row.level}</span> : null}
                      <AgentName agent={row.agent} titled />
                      <span className="tree-description ellipsis">{(row.a ?? row.b)?.description}</span>
                      {side === null ? null : (
                        <span className="compare-only">
                          {side === 'a' ? '− ' : '+ '}
                          {words.compare.only[side]}
                        </span>
                      )}
                    </span>
                    {half(row.a, ofA, 'a', a)}
                    {half(row.b, ofB, 'b', b)}
                    <span role="cell" className="number">
                      {difference === 0 ? '=' : `${difference > 0 ? '+' : '−'}${show(Math.abs(difference))}`}
                    </span>
                  </div>
                )
              })}
            </div>
          </div>
        </div>
      </WideTable>
    </section>
  )
}
