import { useEffect, useState } from 'react'

const SETTLED_AFTER_MS = 350

/**
 * What is being typed, and what it comes to when the typing has paused. It starts anew when the value is changed from
 * elsewhere: by going back, or by clearing. What comes of an earlier pause, which can take its time, takes away nothing
 * that was typed since.
 */
export function useDraft(value: string, onSettled: (text: string) => void) {
  const [draft, setDraft] = useState(value)
  const [known, setKnown] = useState(value)
  const [underWay, setUnderWay] = useState<readonly string[]>([])
  if (known !== value) {
    setKnown(value)
    const place = underWay.indexOf(value)
    setUnderWay(underWay.slice(place < 0 ? underWay.length : place + 1))
    if (place < 0) setDraft(value)
  }
  useEffect(() => {
    if (draft === value) return
    const timer = setTimeout(() => {
      setUnderWay((texts) => [...texts, draft])
      onSettled(draft)
    }, SETTLED_AFTER_MS)
    return () => clearTimeout(timer)
  }, [draft, value, onSettled])
  return [draft, setDraft] as const
}
