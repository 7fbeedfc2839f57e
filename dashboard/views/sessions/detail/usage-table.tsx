import type { UsageFiguresFragment } from 'delegraph/client'
import { ColumnHeads } from '../../../parts/column-heads.tsx'
import { useFigures, useWords } from '../../../words/index.tsx'

const KINDS = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const

export function UsageTable({ own, total }: { own: UsageFiguresFragment; total: UsageFiguresFragment }) {
  const words = useWords()
  const figures = useFigures()
  const cell = (tokens: number) => (
    <td className="number" title={figures.exact(tokens)}>
      {figures.short(tokens)}
    </td>
  )
  return (
    <section aria-labelledby="usage-title">
      <h3 id="usage-title">{words.detail.usage}</h3>
      <table className="table">
        <ColumnHeads texts={[words.detail.kind]} figures={[words.detail.own, words.detail.total]} />
        <tbody>
          {KINDS.map((kind) => (
            <tr key={kind}>
              <th scope="row">{words.detail[kind]}</th>
              {cell(own.tokens[kind])}
              {cell(total.tokens[kind])}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{words.detail.all}</th>
            {cell(own.tokens.total)}
            {cell(total.tokens.total)}
          </tr>
        </tfoot>
      </table>
    </section>
  )
}
