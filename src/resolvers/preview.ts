import { beginningOf } from './beginning.ts'
import { badArgument } from './page-args.ts'

const LONGEST = 10_000

/** The beginning of a text as one line: runs of white space are one space, and "…" stands for what was cut off. */
export function previewOf(text: string, length: number): string {
  if (length < 1 || length > LONGEST) {
    throw badArgument('length', `"length" is ${length}; it must be from 1 to ${LONGEST}.`, { limit: LONGEST })
  }
  // Enough to fill the line even where each character is followed by white space; prompts may be megabytes long.
  const beginning = beginningOf(text, length * 8 + 1000)
  const line = beginning.replace(/\s+/g, ' ').trim()
  const characters = [...line]
  const isCut = characters.length > length || beginning.length < text.length
  return isCut ? `${characters.slice(0, Math.max(0, length - 1)).join('')}…` : line
}
