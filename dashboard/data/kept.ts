/**
 * Values kept in `localStorage`. If the browser denies storage (cookies are blocked) or has no room left, a value is
 * kept in memory for as long as the page is open.
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
    // Without storage, nothing is stored there.
  }
}
