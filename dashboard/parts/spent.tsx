import { useFigures, useWords } from '../words/index.tsx'

interface Props {
  ms: number
  tokens: number
  /** In US dollars. */
  cost: number
}

/** Duration, tokens and cost: compact, with the exact values as tooltips. */
export function Spent({ ms, tokens, cost }: Props) {
  const words = useWords()
  const figures = useFigures()
  return (
    <>
      <span title={figures.exactDuration(ms)}>{figures.duration(ms)}</span>
      <span title={figures.exact(tokens)}>{words.metrics.tokens(figures.short(tokens))}</span>
      <span title={figures.exactCost(cost)}>{figures.cost(cost)}</span>
    </>
  )
}
