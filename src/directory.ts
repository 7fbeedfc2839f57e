import { readdirSync } from 'node:fs'

/** In the order in which the system gives them, the same until one comes or goes. What cannot be listed is empty. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
