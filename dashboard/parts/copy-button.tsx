import { useEffect, useState } from 'react'
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
  const copy = async () => {
    await copyText(text)
    setCopied(true)
  }
  return (
    <button type="button" className="button button-quiet" onClick={copy} aria-label={label ?? words.copy}>
      <Icon name={copied ? 'check' : 'copy'} />
      <span aria-live="polite">{copied ? words.copied : words.copy}</span>
    </button>
  )
}

/** Browsers give the clipboard only to pages on this machine or over TLS; elsewhere a selection is copied as of old. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text)
    return
  }
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'offscreen'
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}
