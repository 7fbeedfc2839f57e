/** The token that a delegraph started with `--token` asks for: given once, kept by this browser. */
import { useSyncExternalStore } from 'react'

const KEY = 'delegraph.token'

let token = localStorage.getItem(KEY)
/** The server refused what was sent: nothing, or a token that is wrong. */
let refused = false
const listeners = new Set<() => void>()

function changed(): void {
  for (const listener of listeners) listener()
}

export const currentToken = (): string | null => token

export function giveToken(given: string): void {
  token = given
  refused = false
  localStorage.setItem(KEY, given)
  changed()
}

/** That one: another may have been given since. */
export function tokenRefused(sent: string | null): void {
  if (sent !== token) return
  refused = true
  localStorage.removeItem(KEY)
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
