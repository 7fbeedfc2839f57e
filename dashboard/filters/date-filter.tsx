/** Presets and free dates. Days begin at midnight where the reader is; the URL keeps moments. */
import { useState } from 'react'
import { go } from '../data/place.ts'
import { useWords } from '../words/index.tsx'

const PRESETS = { today: 0, week: 6, month: 29 } as const
type Preset = keyof typeof PRESETS
const NAMES: readonly Preset[] = ['today', 'week', 'month']

export function DateFilter({ from, to }: { from: string | null; to: string | null }) {
  const words = useWords()
  const [custom, setCustom] = useState(false)
  const preset = NAMES.find((name) => to === null && from === startOfDay(-PRESETS[name]))
  const value = preset ?? (from !== null || to !== null || custom ? 'custom' : '')
  const choose = (wanted: string) => {
    setCustom(wanted === 'custom')
    if (wanted === 'custom') return
    const name = NAMES.find((known) => known === wanted)
    go({ from: name === undefined ? null : startOfDay(-PRESETS[name]), to: null })
  }
  return (
    <>
      <label>
        <span className="offscreen">{words.filters.date}</span>
        <select value={value} onChange={(event) => choose(event.target.value)}>
          <option value="">{words.filters.anyDate}</option>
          {NAMES.map((name) => (
            <option key={name} value={name}>
              {words.filters[name]}
            </option>
          ))}
          <option value="custom">{words.filters.custom}</option>
        </select>
      </label>
      {value === 'custom' ? (
        <>
          <input
            type="date"
            aria-label={words.filters.from}
            value={from === null ? '' : dayOf(from)}
            onChange={(event) => go({ from: event.target.value === '' ? null : midnight(event.target.value, 0) })}
          />
          <input
            type="date"
            aria-label={words.filters.to}
            value={to === null ? '' : dayOf(new Date(Date.parse(to) - 1).toISOString())}
            onChange={(event) => go({ to: event.target.value === '' ? null : midnight(event.target.value, 1) })}
          />
        </>
      ) : null}
    </>
  )
}

function startOfDay(days: number): string {
  const now = new Date()
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days).toISOString()
}

/** `2026-11-24` as the moment at which that day, or one that many days later, begins here. */
function midnight(day: string, days: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + days).toISOString()
}

function dayOf(iso: string): string {
  const moment = new Date(iso)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`
}
