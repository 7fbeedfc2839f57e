import { type MouseEvent, useEffect, useState } from 'react'
import { useWords } from '../words/index.tsx'
import { Icon } from './icon.tsx'

/** How long the result is shown: a failure takes time to read; for a success a glance is enough. */
const SAID_FOR_MS = { copied: 1500, refused: 6000 } as const

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const words = useWords()
  const [came, setCame] = useState<keyof typeof SAID_FOR_MS | null>(null)
  useEffect(() => {
    if (came === null) return
    const timer = setTimeout(() => setCame(null), SAID_FOR_MS[came])
    return () => clearTimeout(timer)
  }, [came])
  const copy = async ({ currentTarget }: MouseEvent<HTMLButtonElement>) =>
    setCame((await copyText(text, currentTarget)) ? 'copied' : 'refused')
  const said = { copied: words.copied, refused: words.copyRefused }
  return (
    <button type="button" className="button button-quiet" onClick={copy} aria-label={label ?? words.copy}>
      <Icon name={came === null ? 'copy' : came === 'copied' ? 'check' : 'warning'} />
      <span aria-live="polite">{came === null ? words.copy : said[came]}</span>
    </button>
  )
}

/**
 * Browsers offer the clipboard API only to pages from localhost or over TLS, and not even to all of these. The fallback
 * copies a selection with `execCommand`. It is made beside the button, since an open dialog makes everything outside of
 * it unselectable.
 */
async function copyText(text: string, button: HTMLButtonElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copySelection(text, button)
  }
}

function copySelection(text: string, button: HTMLButtonElement): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'offscreen'
  button.after(area)
  area.select()
  const copied = document.execCommand('copy')
  area.remove()
  button.focus()
  return copied
}
