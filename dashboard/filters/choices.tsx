/** A multiple choice: a button that opens a list of checkboxes. */
import { type KeyboardEvent, type ReactNode, useRef } from 'react'

interface Props {
  label: string
  chosen: readonly string[]
  options: readonly { value: string; content: ReactNode }[]
  onChoose: (chosen: string[]) => void
}

export function Choices({ label, chosen, options, onChoose }: Props) {
  const details = useRef<HTMLDetailsElement>(null)
  const toggle = (value: string) =>
    onChoose(chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value])
  const close = () => {
    if (details.current) details.current.open = false
  }
  const leave = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    close()
    details.current?.querySelector('summary')?.focus()
  }
  return (
    <details
      ref={details}
      className="choices"
      onKeyDown={leave}
      onBlur={(event) => {
        if (event.relatedTarget !== null && !event.currentTarget.contains(event.relatedTarget)) close()
      }}
    >
      <summary className="button">
        {label}
        {chosen.length > 0 ? <span className="count">{chosen.length}</span> : null}
      </summary>
      <fieldset className="popup">
        <legend className="offscreen">{label}</legend>
        {options.map(({ value, content }) => (
          <label key={value}>
            <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
            {content}
          </label>
        ))}
      </fieldset>
    </details>
  )
}
