/** Presets and custom dates. Days begin at midnight in the user's time zone; the URL holds UTC timestamps. */
import { useState } from 'react'
import { go } from '../data/place.ts'
import { useWords } from '../words/index.tsx'
import { useDraft } from './use-draft.ts'

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
          <Day label={words.filters.from} day={from === null ? '' : dayOf(Date.parse(from))} take={takeFrom} />
          <Day label={words.filters.to} day={to === null ? '' : dayOf(Date.parse(to) - 1)} take={takeTo} />
        </>
      ) : null}
    </>
  )
}

const takeFrom = (day: string) => go({ from: day === '' ? null : midnight(day, 0) })
const takeTo = (day: string) => go({ to: day === '' ? null : midnight(day, 1) })

/** Earlier dates are ignored: while a user types 2026, the field's year is 2, 20 and 202 first. */
const FIRST_DAY = '1970-01-01'
const LAST_DAY = '9999-12-31'
const isDay = (day: string): boolean => day === '' || (day >= FIRST_DAY && day <= LAST_DAY)

interface DayProps {
  label: string
  /** Such as `2026-11-24`; empty if no day is chosen. */
  day: string
  take: (day: string) => void
}

function Day({ label, day, take }: DayProps) {
  const [draft, setDraft] = useDraft(day, isDay, take)
  return (
    <input
      type="date"
      aria-label={label}
      min={FIRST_DAY}
      max={LAST_DAY}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
    />
  )
}

function startOfDay(days: number): string {
  const now = new Date()
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days).toISOString()
}

/** The ISO timestamp at which a day such as `2026-11-24`, plus `days`, begins in the user's time zone. */
function midnight(day: string, days: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + days).toISOString()
}

function dayOf(ms: number): string {
  const moment = new Date(ms)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`
}
