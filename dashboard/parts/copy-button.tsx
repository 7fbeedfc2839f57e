import { type MouseEvent, useEffect, useState } from 'react'
import { useWords } from '../words/index.tsx'
import { Icon } from './icon.tsx'

const SAID_FOR_MS = 1500

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const words = useWords()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), SAID_FOR_MS)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async ({ currentTarget }: MouseEvent<HTMLButtonElement>) => {
    await copyText(text, currentTarget)
    setCopied(true)
  }
  return (
    <button type="button" className="button button-quiet" onClick={copy} aria-label={label ?? words.copy}>
      <Icon name={copied ? 'check' : 'copy'} />
      <span aria-live="polite">{copied ? words.copied : words.copy}</span>
    </button>
  )
}

/**
 * Browsers give the clipboard only to pages on this machine or over TLS; elsewhere a selection is copied as of old. It is
 * made beside the button: while a dialog is open, nothing outside of it can be selected.
 */
async function copyText(text: string, button: HTMLButtonElement): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text)
    return
  }
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'offscreen'
  button.after(area)
  area.select()
  document.execCommand('copy')
  area.remove()
  button.focus()
}
