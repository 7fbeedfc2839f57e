/** Reads and prints numbers with units: `500ms 8s 5m 2h 1d` for durations, `10k 2M` for counts. */

const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const COUNT_UNITS = { k: 1000, K: 1000, M: 1_000_000 } as const

const NUMBER = /^(-?[0-9]+(?:\.[0-9]+)?(?:[eE]-?[0-9]{1,3})?)(.*)$/su

/** Other spellings of the units, in several languages, with the unit to suggest instead. */
const DURATION_WORDS: Readonly<Record<string, keyof typeof DURATION_UNITS>> = {
  msec: 'ms',
  msecs: 'ms',
  millis: 'ms',
  milliseconds: 'ms',
  millisecond: 'ms',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  seconde: 's',
  secondes: 's',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hr: 'h',
  hrs: 'h',
  hour: 'h',
  hours: 'h',
  heure: 'h',
  heures: 'h',
  day: 'd',
  days: 'd',
  j: 'd',
  jour: 'd',
  jours: 'd',
}
const COUNT_WORDS: Readonly<Record<string, 'k' | 'M'>> = {
  m: 'M',
  mio: 'M',
  million: 'M',
  millions: 'M',
  mega: 'M',
  thousand: 'k',
  kilo: 'k',
}

export type ReadNumber = { value: number } | { problem: string; suggestion: string | null }

/** Reads a duration as milliseconds, which is also the unit of a number without one. */
export function readDuration(text: string): ReadNumber {
  return readWithUnit(
    text,
    DURATION_UNITS,
    (unit) => DURATION_WORDS[unit.toLowerCase()] ?? lowerUnit(unit),
    'a duration such as 500ms, 8s, 5m, 2h or 1d',
  )
}

export function readAmount(text: string): ReadNumber {
  return readWithUnit(
    text,
    COUNT_UNITS,
    (unit) => COUNT_WORDS[unit.toLowerCase()],
    'a number such as 3, 0.5, 10k or 2M',
  )
}

const lowerUnit = (unit: string): string | undefined =>
  unit.toLowerCase() in DURATION_UNITS ? unit.toLowerCase() : undefined

function readWithUnit(
  text: string,
  units: Readonly<Record<string, number>>,
  spelling: (unit: string) => string | undefined,
  wanted: string,
): ReadNumber {
  const match = NUMBER.exec(text)
  const digits = match?.[1]
  if (digits === undefined) return { problem: `must be ${wanted}`, suggestion: null }
  const unit = match?.[2] ?? ''
  const factor = unit === '' ? 1 : Object.hasOwn(units, unit) ? units[unit] : undefined
  if (factor === undefined) {
    const meant = spelling(unit)
    return { problem: `must be ${wanted}`, suggestion: meant === undefined ? null : `${digits}${meant}` }
  }
  // Rounds away floating-point errors of products such as 4.35 × 1000; nine decimals are more than any value here has.
  const value = factor === 1 ? Number(digits) : Number((Number(digits) * factor).toFixed(9))
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER)
    return { problem: 'must be a smaller number', suggestion: null }
  return { value: value === 0 ? 0 : value }
}

/** Prints a duration as a whole number of the largest unit that divides it; it reads back as the same value. */
export function printDuration(ms: number): string {
  if (ms !== 0 && Number.isInteger(ms)) {
    for (const unit of ['d', 'h', 'm', 's'] as const) {
      if (ms % DURATION_UNITS[unit] === 0) return `${ms / DURATION_UNITS[unit]}${unit}`
    }
  }
  return `${printPlain(ms)}ms`
}

export function printAmount(value: number): string {
  if (value !== 0 && value % COUNT_UNITS.M === 0) return `${value / COUNT_UNITS.M}M`
  if (value !== 0 && value % COUNT_UNITS.k === 0) return `${value / COUNT_UNITS.k}k`
  return printPlain(value)
}

/** Values are below 2^53, where JavaScript prints no `e+`, which a WORD cannot contain. */
const printPlain = (value: number): string => String(value)
