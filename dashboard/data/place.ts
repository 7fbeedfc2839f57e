/**
 * The page's location: view, session, trace and filters. All of it is in the URL, so that a link shows the same thing.
 */
import type { SessionFilter, TraceFilter, TraceStatus } from 'delegraph/client'
import { useSyncExternalStore } from 'react'

export const VIEWS = ['sessions', 'timeline', 'flow', 'metrics', 'patterns', 'compare'] as const
export type View = (typeof VIEWS)[number]

export const SCOPES = ['filters', 'session'] as const
export type Scope = (typeof SCOPES)[number]

/** A time window, in UTC milliseconds. */
export interface Window {
  fromMs: number
  toMs: number
}

export const STATUSES: readonly TraceStatus[] = ['RUNNING', 'COMPLETED', 'ERROR', 'ABORTED', 'INTERRUPTED']

export interface Place {
  view: View
  session: string | null
  trace: string | null
  /** The session that the first one is compared with. */
  other: string | null
  /** What the flow diagram covers: everything that matches the filters, or one session. */
  scope: Scope
  /** The visible part of the timeline view; null for all of it. */
  window: Window | null
  text: string
  pattern: string
  agents: readonly string[]
  status: readonly TraceStatus[]
  project: string | null
  /** ISO 8601 in UTC; the range is from ≤ start < to. */
  from: string | null
  to: string | null
}

const FILTERS = ['text', 'pattern', 'agents', 'status', 'project', 'from', 'to'] as const

const isView = (text: string): text is View => VIEWS.some((view) => view === text)
const isStatus = (text: string): text is TraceStatus => STATUSES.some((status) => status === text)
/** Converts any date format the browser parses to ISO 8601 in UTC; null unless its year has four digits (API limit). */
function moment(text: string | null): string | null {
  const ms = Date.parse(text ?? '')
  const iso = Number.isNaN(ms) ? '' : new Date(ms).toISOString()
  return /^\d{4}-/.test(iso) ? iso : null
}

export function parsePlace(search: string): Place {
  const query = new URLSearchParams(search)
  const view = query.get('view') ?? 'sessions'
  return {
    view: isView(view) ? view : 'sessions',
    session: query.get('session'),
    trace: query.get('trace'),
    other: query.get('with'),
    window: parseWindow(query.get('window')),
    scope: query.get('scope') === 'session' ? 'session' : 'filters',
    text: query.get('text') ?? '',
    pattern: query.get('pattern') ?? '',
    agents: query.getAll('agent'),
    status: query.getAll('status').filter(isStatus),
    project: query.get('project'),
    from: moment(query.get('from')),
    to: moment(query.get('to')),
  }
}

/** Two ISO 8601 times separated by `~`. */
function parseWindow(text: string | null): Window | null {
  const [fromMs = Number.NaN, toMs = Number.NaN] = (text ?? '').split('~').map((end) => Date.parse(moment(end) ?? ''))
  return fromMs < toMs ? { fromMs, toMs } : null
}

const printWindow = ({ fromMs, toMs }: Window): string =>
  [fromMs, toMs].map((ms) => new Date(ms).toISOString()).join('~')

export function printPlace(place: Place): string {
  const query = new URLSearchParams()
  const set = (name: string, value: string | null) => {
    if (value !== null && value !== '') query.set(name, value)
  }
  set('view', place.view === 'sessions' ? null : place.view)
  set('session', place.session)
  set('trace', place.trace)
  set('with', place.other)
  set('scope', place.scope === 'filters' ? null : place.scope)
  set('window', place.window === null ? null : printWindow(place.window))
  set('text', place.text)
  set('pattern', place.pattern)
  for (const agent of place.agents) query.append('agent', agent)
  for (const status of place.status) query.append('status', status)
  set('project', place.project)
  set('from', place.from)
  set('to', place.to)
  const text = query.toString()
  return text === '' ? window.location.pathname : `?${text}`
}

let current = parsePlace(window.location.search)
const listeners = new Set<() => void>()

function arrive(place: Place): void {
  current = place
  for (const listener of listeners) listener()
}

window.addEventListener('popstate', () => arrive(parsePlace(window.location.search)))

/** From a rejected URL change to the next attempt. */
const CATCH_UP_MS = 5_000
let catchingUp: ReturnType<typeof setTimeout> | undefined

export interface GoOptions {
  /** Replaces the current history entry: for steps too small to navigate back to. */
  replace?: boolean
}

export function go(change: Partial<Place>, { replace = false }: GoOptions = {}): void {
  const place = { ...current, ...change }
  const url = printPlace(place)
  if (url === printPlace(current)) return
  showAddress(url, replace)
  arrive(place)
}

/** Browsers limit the rate of URL changes (Safari: 100 in 30 seconds); a rejected one is retried later. */
function showAddress(url: string, replace: boolean): void {
  clearTimeout(catchingUp)
  try {
    if (replace) window.history.replaceState(null, '', url)
    else window.history.pushState(null, '', url)
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'SecurityError')) throw error
    catchingUp = setTimeout(() => showAddress(printPlace(current), true), CATCH_UP_MS)
  }
}

export const currentPlace = (): Place => current

export function usePlace(): Place {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )
}

/** The URL of a link. */
export const placeUrl = (place: Place, change: Partial<Place>): string => printPlace({ ...place, ...change })

export const NO_FILTERS: Pick<Place, (typeof FILTERS)[number]> = {
  text: '',
  pattern: '',
  agents: [],
  status: [],
  project: null,
  from: null,
  to: null,
}

export const isFiltered = (place: Place): boolean =>
  FILTERS.some((name) => {
    const value = place[name]
    return value !== null && value.length > 0
  })

const startedAt = ({ from, to }: Place) => (from === null && to === null ? {} : { startedAt: { from, to } })

/** The filter for lists of traces, to which the pattern does not apply. */
export function traceFilterOf(place: Place): TraceFilter {
  return {
    ...(place.text.trim() === '' ? {} : { text: place.text }),
    ...(place.agents.length === 0 ? {} : { agents: [...place.agents] }),
    ...(place.status.length === 0 ? {} : { status: [...place.status] }),
    ...(place.project === null ? {} : { project: place.project }),
    ...startedAt(place),
  }
}

export function sessionFilterOf(place: Place): SessionFilter {
  return {
    ...traceFilterOf(place),
    ...(place.pattern.trim() === '' ? {} : { pattern: place.pattern }),
  }
}
