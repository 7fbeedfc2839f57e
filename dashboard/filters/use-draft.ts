import { useEffect, useState } from 'react'

const SETTLED_AFTER_MS = 350

/**
 * The state of a text field whose value is applied when typing pauses: once `fits` accepts the draft, `take` gets it.
 * If the draft changes while `fits` is pending, its result is ignored. The draft is reset when `value` is changed from
 * elsewhere, such as by navigating back or clearing the filters.
 *
 * @returns the draft, its setter, and whether typing has paused
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
    // If the new value came from this field, the user may have typed more since.
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
