/** Formats numbers for display. Units: durations in milliseconds, costs in US dollars. */

export interface Figures {
  /** Compact, such as 12K; `exact` writes the whole number. */
  short: (value: number) => string
  exact: (value: number) => string
  cost: (usd: number) => string
  /** A cost at a tick of an axis; ticks are round values. */
  costMark: (usd: number) => string
  exactCost: (usd: number) => string
  duration: (ms: number) => string
  exactDuration: (ms: number) => string
  /** A factor, such as 2.4. */
  times: (factor: number) => string
  /** A share from 0 to 1. */
  percent: (share: number) => string
  /** A time in the user's time zone, with the year unless it is the current one. */
  time: (iso: string) => string
  /** A time with its whole date, to the second. */
  fullTime: (iso: string) => string
  day: (iso: string) => string
  /** Formats UTC milliseconds for the ticks of a date axis. */
  calendar: Readonly<Record<'second' | 'time' | 'day' | 'month', (ms: number) => string>>
  /** Warms the formatters up: the first number and the first date each take a browser tens of milliseconds. */
  prepare: () => void
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** The smallest values that are shown as a number; smaller ones are shown as less than these. */
const LEAST_COST = 0.0001
const LEAST_SHARE = 0.001

/** Creates a formatter on first use, so that nothing waits for formatters that it does not need. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

export function figuresFor(locale: string): Figures {
  const number = (options: Intl.NumberFormatOptions) => once(() => new Intl.NumberFormat(locale, options))
  const date = (options: Intl.DateTimeFormatOptions) => once(() => new Intl.DateTimeFormat(locale, options))
  const money = (digits: number) =>
    number({
      style: 'currency',
      currency: 'USD',
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: Math.min(digits, 2),
      maximumFractionDigits: digits,
    })
  const short = number({ notation: 'compact', maximumSignificantDigits: 3 })
  const exact = number({})
  const [wholeDollars, cents, fine, exactMoney] = [money(0), money(2), money(4), money(8)]
  const shortMoney = number({
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    notation: 'compact',
    maximumSignificantDigits: 3,
  })
  const percent = number({ style: 'percent', maximumFractionDigits: 0 })
  const smallPercent = number({ style: 'percent', maximumFractionDigits: 1 })
  const tenths = number({ minimumFractionDigits: 1, maximumFractionDigits: 1 })
  const toTheMinute = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' } as const
  const time = date(toTheMinute)
  const timeOfYear = date({ ...toTheMinute, year: 'numeric' })
  const fullTime = date({ dateStyle: 'medium', timeStyle: 'medium' })
  const day = date({ dateStyle: 'medium' })
  const clock = date({ hour: '2-digit', minute: '2-digit' })
  const exactClock = date({ timeStyle: 'medium' })
  const shortDay = date({ month: 'short', day: 'numeric' })
  const month = date({ month: 'short', year: 'numeric' })
  const gap = locale.startsWith('fr') ? '\u202f' : ''

  const duration = (ms: number): string => {
    if (ms < SECOND_MS) return `${exact().format(Math.round(ms))}${gap}ms`
    if (ms < 9.95 * SECOND_MS) return `${tenths().format(ms / SECOND_MS)}${gap}s`
    const unit = (value: number, name: string) => `${value}${gap}${name}`
    /** In two units; the smaller one is left out if it is zero. */
    const inTwo = (small: number, perLarge: number, large: string, rest: string) =>
      [
        unit(Math.floor(small / perLarge), large),
        ...(small % perLarge === 0 ? [] : [unit(small % perLarge, rest)]),
      ].join(' ')
    const seconds = Math.round(ms / SECOND_MS)
    if (seconds < 60) return unit(seconds, 's')
    if (seconds < 3600) return inTwo(seconds, 60, 'm', 's')
    const minutes = Math.round(ms / MINUTE_MS)
    if (minutes < 1440) return inTwo(minutes, 60, 'h', 'm')
    return inTwo(Math.round(ms / HOUR_MS), 24, locale.startsWith('fr') ? 'j' : 'd', 'h')
  }

  const cost = (usd: number): string => {
    if (usd === 0) return wholeDollars().format(0)
    if (usd >= 100_000) return shortMoney().format(usd)
    // Rounded, it would look like zero.
    if (usd < LEAST_COST / 2) return `<${gap}${fine().format(LEAST_COST)}`
    return (usd >= 1000 ? wholeDollars : usd >= 0.1 ? cents : fine)().format(usd)
  }

  return {
    short: (value) => short().format(value),
    exact: (value) => exact().format(value),
    cost,
    costMark: (usd) => (usd > 0 && usd < LEAST_COST ? exactMoney().format(usd) : cost(usd)),
    exactCost: (usd) => exactMoney().format(usd),
    duration,
    exactDuration: (ms) => `${exact().format(ms)} ms`,
    times: (factor) => (factor < 10 ? tenths() : exact()).format(factor < 10 ? factor : Math.round(factor)),
    percent: (share) => {
      if (share > 0 && share < LEAST_SHARE / 2) return `<${gap}${smallPercent().format(LEAST_SHARE)}`
      return (share > 0 && share < 0.1 ? smallPercent : percent)().format(share)
    },
    time: (iso) => {
      const moment = new Date(iso)
      return (moment.getFullYear() === new Date().getFullYear() ? time : timeOfYear)().format(moment)
    },
    fullTime: (iso) => fullTime().format(new Date(iso)),
    day: (iso) => day().format(new Date(iso)),
    calendar: {
      second: (ms) => exactClock().format(ms),
      time: (ms) => clock().format(ms),
      day: (ms) => shortDay().format(ms),
      month: (ms) => month().format(ms),
    },
    prepare: () => {
      short().format(0)
      fine().format(0)
      time().format(0)
    },
  }
}
