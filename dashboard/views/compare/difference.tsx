import { useFigures } from '../../words/index.tsx'

interface Props {
  a: number
  b: number
  show: (value: number) => string
}

/**
 * A table cell with how much more (+) or less (−) the second value is than the first; the tooltip has it in percent.
 */
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
