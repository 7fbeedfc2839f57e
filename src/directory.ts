import { readdirSync, statSync } from 'node:fs'

/** In the order in which the system gives them, the same until one comes or goes. What cannot be listed is empty. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Of what cannot be looked at (a link that leads to itself, a place that may not be entered) it is not known: no. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
