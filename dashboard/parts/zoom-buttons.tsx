import { useWords } from '../words/index.tsx'
import { Icon } from './icon.tsx'

interface Props {
  onIn: () => void
  onOut: () => void
  onWhole: () => void
  wholeLabel: string
  isWhole: boolean
  /** Whether zooming out further is impossible. */
  isFarthest?: boolean
}

export function ZoomButtons({ onIn, onOut, onWhole, wholeLabel, isWhole, isFarthest = false }: Props) {
  const words = useWords()
  const button = (name: 'zoomOut' | 'whole' | 'zoomIn', label: string, disabled: boolean, onClick: () => void) => (
    <button
      type="button"
      className="button button-icon"
      aria-label={label}
      title={label}
      // Not `disabled`, which would make the button lose the focus when the limit is reached.
      aria-disabled={disabled}
      onClick={disabled ? undefined : onClick}
    >
      <Icon name={name} />
    </button>
  )
  return (
    <span className="button-group">
      {button('zoomOut', words.tree.zoomOut, isFarthest, onOut)}
      {button('whole', wholeLabel, isWhole, onWhole)}
      {button('zoomIn', words.tree.zoomIn, false, onIn)}
    </span>
  )
}
