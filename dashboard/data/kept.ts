/**
 * What this browser keeps from visit to visit. One that gives no storage (cookies are blocked) or has no room left keeps
 * it for as long as the page is open.
 */
const unstored = new Map<string, string>()

export function kept(key: string): string | null {
  const value = unstored.get(key)
  if (value !== undefined) return value
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
    unstored.delete(key)
  } catch {
    unstored.set(key, value)
  }
}

export function forget(key: string): void {
  unstored.delete(key)
  try {
    localStorage.removeItem(key)
  } catch {
    // Nothing is stored there.
  }
}
