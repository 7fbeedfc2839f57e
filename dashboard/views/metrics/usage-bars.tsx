import type { ReactNode } from 'react'
import { ColumnHeads } from '../../parts/column-heads.tsx'
import { useShowAll } from '../../parts/use-show-all.ts'
import { useFigures, useWords } from '../../words/index.tsx'

export interface Measured {
  key: string
  label: ReactNode
  cost: number
  tokens: number
}

/** Number of rows shown at first. */
const SHOWN = 12

/**
 * A table of usage with a bar for the cost in each row.
 *
 * @param by the heading of the first column
 */
export function UsageBars({ by, rows }: { by: string; rows: readonly Measured[] }) {
  const words = useWords()
  const figures = useFigures()
  const { all, showAll, firstOfRest } = useShowAll()
  const most = Math.max(...rows.map((row) => row.cost), 0)
  return (
    <div>
      <table className="table usage-bars">
        <ColumnHeads texts={[by]} figures={[words.tree.tokens, words.tree.cost]} more />
        <tbody>
          {(all ? rows : rows.slice(0, SHOWN)).map((row, index) => (
            <tr key={row.key} {...(index === SHOWN ? { ref: firstOfRest, tabIndex: -1 } : {})}>
              <th scope="row">{row.label}</th>
              <td className="number" title={figures.exact(row.tokens)}>
                {figures.short(row.tokens)}
              </td>
              <td className="number" title={figures.exactCost(row.cost)}>
                {figures.cost(row.cost)}
              </td>
              <td className="usage-lane">
                {row.cost > 0 ? <span className="usage-bar" style={{ width: `${(row.cost / most) * 100}%` }} /> : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {all || rows.length <= SHOWN ? null : (
        <p className="more">
          <button type="button" className="button" onClick={showAll}>
            {words.detail.showAll(figures.exact(rows.length))}
          </button>
        </p>
      )}
    </div>
  )
}
