import { useFigures } from '../../words/index.tsx'

interface Props {
  a: number
  b: number
  show: (value: number) => string
}

/** What the second has more (+) or less (−) than the first, as a cell; the share of it on hover. */
export function Difference({ a, b, show }: Props) {
  const figures = useFigures()
  const difference = b - a
  const sign = difference > 0 ? '+' : '−'
  return (
    <td
      className="number compare-difference"
      title={a === 0 || difference === 0 ? undefined : `${sign}${figures.percent(Math.abs(difference) / a)}`}
    >
      {difference === 0 ? '=' : `${sign}${show(Math.abs(difference))}`}
    </td>
  )
}
