/** The token that a delegraph started with `--token` asks for: given once, kept by this browser. */
import { useSyncExternalStore } from 'react'
import { forget, keep, kept } from './kept.ts'

const KEY = 'delegraph.token'

let token = kept(KEY)
/** The server refused what was sent: nothing, or a token that is wrong. */
let refused = false
const listeners = new Set<() => void>()
const awaiting = new Set<() => void>()

function changed(): void {
  for (const listener of listeners) listener()
}

export const currentToken = (): string | null => token

export function giveToken(given: string): void {
  keep(KEY, given)
  take(given)
}

function take(given: string): void {
  token = given
  const wasRefused = refused
  refused = false
  if (wasRefused) for (const goOn of awaiting) goOn()
  changed()
}

/** Calls it whenever a token has been given in place of what was refused. */
export function onTokenGiven(goOn: () => void): void {
  awaiting.add(goOn)
}

// Given in another tab.
window.addEventListener('storage', ({ key, newValue }) => {
  if (key === KEY && newValue !== null) take(newValue)
})

/** That one: another may have been given since, in another tab as well. */
export function tokenRefused(sent: string | null): void {
  if (kept(KEY) === sent) forget(KEY)
  if (sent !== token) return
  refused = true
  changed()
}

/** Whether the page has to ask its user for a token. */
export function useTokenRefused(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => refused,
  )
}
