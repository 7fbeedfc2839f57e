import { useEffect, useState } from 'react'

const TICK_MS = 1000

/** The current time, updated every second while something runs; then it stops at the last update. */
export function useNow(running: boolean): number {
  const [nowMs, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (!running) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [running])
  return nowMs
}
