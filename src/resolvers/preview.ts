import { beginningOf } from './beginning.ts'
import { badArgument } from './page-args.ts'

const LONGEST = 10_000

/** The beginning of a text as one line: whitespace is collapsed, and "…" replaces what does not fit in `length`. */
export function previewOf(text: string, length: number): string {
  if (length < 1 || length > LONGEST) {
    throw badArgument('length', `"length" is ${length}; it must be from 1 to ${LONGEST}.`, { limit: LONGEST })
  }
  // Prompts may be megabytes long: this much fills the line even if there is a lot of whitespace between characters.
  const beginning = beginningOf(text, length * 8 + 1000)
  const line = beginning.replace(/\s+/g, ' ').trim()
  const characters = [...line]
  const isCut = characters.length > length || beginning.length < text.length
  return isCut ? `${characters.slice(0, Math.max(0, length - 1)).join('')}…` : line
}
