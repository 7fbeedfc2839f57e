import { useEffect, useState } from 'react'

const SETTLED_AFTER_MS = 350

/**
 * What is being typed, and what it comes to when the typing has paused and what was typed has been found to fit. Where that
 * takes its time, it comes to nothing if something else was typed meanwhile. The draft starts anew when the value is changed
 * from elsewhere: by going back, or by clearing. Gives as well whether the typing has paused.
 */
export function useDraft(
  value: string,
  fits: (text: string) => boolean | Promise<boolean>,
  take: (text: string) => void,
) {
  const [draft, setDraft] = useState(value)
  const [known, setKnown] = useState(value)
  const [taken, setTaken] = useState<string | null>(null)
  const [settled, setSettled] = useState(value)
  if (known !== value) {
    setKnown(value)
    setTaken(null)
    // Of what was taken from here, more may have been typed since.
    if (value !== taken) setDraft(value)
  }
  useEffect(() => {
    if (draft === value) return
    let isLatest = true
    const timer = setTimeout(async () => {
      setSettled(draft)
      if (!(await fits(draft)) || !isLatest) return
      setTaken(draft)
      take(draft)
    }, SETTLED_AFTER_MS)
    return () => {
      isLatest = false
      clearTimeout(timer)
    }
  }, [draft, value, fits, take])
  return [draft, setDraft, draft === settled || draft === value] as const
}
