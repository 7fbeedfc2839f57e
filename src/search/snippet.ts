/** Cuts the excerpt from a text that shows best why it was found. */
import type { Term } from './query.ts'

export interface Snippet {
  snippet: string
  /** In UTF-16 code units of the snippet, in order and without overlaps. */
  highlights: { start: number; end: number }[]
}

interface Range {
  start: number
  end: number
}

/** Approximate length in code units: neither a character nor the first match is ever cut. */
const LENGTH = 240
/** The most code units before the first match. */
const BEFORE = 60
/** The most matches of one term to examine. */
const MOST_MATCHES = 1000

export function snippetOf(text: string, terms: readonly Term[]): Snippet {
  const found = rangesOf(text, terms)
  const first = densest(found)
  const start = cutBefore(text, Math.max(0, (first?.start ?? 0) - BEFORE), first?.start ?? 0)
  const end = cutAfter(text, Math.max(first?.end ?? 0, start + LENGTH))
  const lead = start > 0 ? '…' : ''
  const snippet = `${lead}${text.slice(start, end).replace(/\s/gu, ' ')}${end < text.length ? '…' : ''}`
  const shift = lead.length - start
  return {
    snippet,
    highlights: found
      .filter((range) => range.start >= start && range.end <= end)
      .map((range) => ({ start: range.start + shift, end: range.end + shift })),
  }
}

/** The ranges of all terms, in order; ranges that overlap or touch are merged. */
function rangesOf(text: string, terms: readonly Term[]): Range[] {
  const all: Range[] = []
  for (const { js } of terms) {
    let count = 0
    for (const match of text.matchAll(new RegExp(js, 'gu'))) {
      if (match[0] !== '') all.push({ start: match.index, end: wholeCharacter(text, match.index + match[0].length) })
      count += 1
      if (count === MOST_MATCHES) break
    }
  }
  all.sort((a, b) => a.start - b.start || a.end - b.end)
  const merged: Range[] = []
  for (const range of all) {
    const last = merged.at(-1)
    if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end)
    else merged.push({ ...range })
  }
  return merged
}

/** The range from which a snippet would hold the most ranges; the first among equals. */
function densest(ranges: readonly Range[]): Range | undefined {
  let best = 0
  let most = 0
  let end = 0
  for (let i = 0; i < ranges.length; i++) {
    const from = ranges[i]?.start ?? 0
    while (end < ranges.length && (ranges[end]?.end ?? 0) <= from + LENGTH - BEFORE) end += 1
    if (end - i > most) {
      most = end - i
      best = i
    }
  }
  return ranges[best]
}

// ---------------------------------------------------------------- cutting

/** Whether `at` is inside a character: before the low half of a surrogate pair, or before a mark or joiner. */
const isInside = (text: string, at: number): boolean => {
  if (at <= 0 || at >= text.length) return false
  const unit = text.charCodeAt(at)
  const before = text.charCodeAt(at - 1)
  if (unit >= 0xdc00 && unit <= 0xdfff && before >= 0xd800 && before <= 0xdbff) return true
  // A zero-width joiner combines the emoji around it; a skin tone modifier belongs to the emoji before it.
  return before === 0x200d || /^(?:\p{M}|\u200d|\p{Emoji_Modifier})/u.test(text.slice(at, at + 2))
}

function wholeCharacter(text: string, at: number): number {
  let end = at
  while (isInside(text, end)) end += 1
  return end
}

/** The start of a word at or shortly after `at`, never beyond `limit`. */
function cutBefore(text: string, at: number, limit: number): number {
  if (at === 0) return 0
  const space = text.slice(at, Math.min(limit, at + 20)).search(/\s/u)
  let start = space < 0 ? at : at + space + 1
  while (start < limit && isInside(text, start)) start += 1
  return start
}

/** The end of a word at or shortly after `at`, or else the end of the character there. */
function cutAfter(text: string, at: number): number {
  if (at >= text.length) return text.length
  const space = text.slice(at, at + 20).search(/\s/u)
  return wholeCharacter(text, space < 0 ? at : at + space)
}
