/** The token that a delegraph started with `--token` requires: entered once, kept in this browser. */
import { useSyncExternalStore } from 'react'
import { forget, keep, kept } from './kept.ts'

const KEY = 'delegraph.token'

let token = kept(KEY)
/** Whether the server refused the last request: no token was sent, or a wrong one. */
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

/** Registers a callback for each time a token is entered after a refusal. */
export function onTokenGiven(goOn: () => void): void {
  awaiting.add(goOn)
}

// The token was entered in another tab.
window.addEventListener('storage', ({ key, newValue }) => {
  if (key === KEY && newValue !== null) take(newValue)
})

/** Call with the token that was refused: by now another one may have been entered, here or in another tab. */
export function tokenRefused(sent: string | null): void {
  if (kept(KEY) === sent) forget(KEY)
  if (sent !== token) return
  refused = true
  changed()
}

/** Whether the page must ask the user for a token. */
export function useTokenRefused(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => refused,
  )
}
