/** What a delegation passed on: compares the caller's prompt with the prompt that it gave. */
import { FILE_HEADERS_ONLY, formatPatch, type StructuredPatch, type StructuredPatchHunk, structuredPatch } from 'diff'
import { createPace } from '../pace.ts'
import type { StaleRule, TraceColumn, TraceReader, TraceRow } from '../store/store.ts'
import { beginningOf } from './beginning.ts'

export interface Handoff {
  /** The share of the words of the caller's prompt that reappear in the delegation's, from 0 to 1. */
  similarity: number
  addedLines: number
  removedLines: number
  /** A unified diff; empty if the prompts are equal. */
  diff: string
}

/** How many characters of each prompt are compared: this limits the work to some 20 milliseconds. */
const COMPARED = 100_000
/** With more differing lines, no shortest diff is computed: its cost grows with the square of their number. */
const MOST_EDITS = 400
/** How many consecutive words count as copied: single words recur in any text. */
const RUN = 3

const PROMPT: ReadonlySet<TraceColumn> = new Set(['promptInput'])

/**
 * The handoff of each row, which must have its `promptInput`; null if it has no caller. The callers' prompts are read
 * in one batch.
 */
export async function handoffsOf(
  store: TraceReader,
  rule: StaleRule,
  rows: readonly TraceRow[],
): Promise<(Handoff | null)[]> {
  const callerIds = [...new Set(rows.flatMap((row) => row.parentId ?? []))]
  const callers = callerIds.length === 0 ? [] : await store.getTraceDetails(callerIds, PROMPT, rule)
  const promptOf = new Map(callerIds.map((id, i) => [id, callers[i]?.promptInput]))
  const handoffs: (Handoff | null)[] = []
  const pace = createPace(1)
  for (const { parentId, promptInput } of rows) {
    const given = parentId === null ? undefined : promptOf.get(parentId)
    handoffs.push(given === undefined || promptInput === undefined ? null : handoffOf(given, promptInput))
    if (pace.isDue()) await pace.rest()
  }
  return handoffs
}

export function handoffOf(callerPrompt: string, prompt: string): Handoff {
  const [given, passed] = [beginningOf(callerPrompt, COMPARED), beginningOf(prompt, COMPARED)]
  const similarity = similarityOf(given, passed)
  if (given === passed) return { similarity, addedLines: 0, removedLines: 0, diff: '' }
  const patch = patchOf(given, passed)
  const lines = patch.hunks.flatMap((hunk) => hunk.lines)
  return {
    similarity,
    addedLines: lines.filter((line) => line.startsWith('+')).length,
    removedLines: lines.filter((line) => line.startsWith('-')).length,
    diff: formatPatch(patch, FILE_HEADERS_ONLY),
  }
}

// ---------------------------------------------------------------- what reappears

/** The share of the words of `given` that are part of a run of three words which `passed` contains as well. */
function similarityOf(given: string, passed: string): number {
  const words = wordsOf(given)
  const others = wordsOf(passed)
  if (words.length === 0) return others.length === 0 ? 1 : 0
  const size = Math.min(RUN, words.length)
  const known = new Set(runsOf(others, size))
  let found = 0
  // The words before this index have been counted already.
  let until = 0
  runsOf(words, size).forEach((run, i) => {
    if (!known.has(run)) return
    found += i + size - Math.max(i, until)
    until = i + size
  })
  return found / words.length
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

const runsOf = (words: readonly string[], size: number): string[] =>
  Array.from({ length: Math.max(0, words.length - size + 1) }, (_, i) => words.slice(i, i + size).join(' '))

// ---------------------------------------------------------------- what differs

const CALLER = 'caller'
const CALLED = 'called'

function patchOf(given: string, passed: string): StructuredPatch {
  const options = { context: 3, maxEditLength: MOST_EDITS }
  const patch = structuredPatch(CALLER, CALLED, given, passed, undefined, undefined, options)
  const names = { oldFileName: CALLER, newFileName: CALLED, oldHeader: undefined, newHeader: undefined }
  return patch ?? { ...names, hunks: [replaced(given, passed)] }
}

/** A hunk that removes all lines and adds all lines: not the shortest diff, but a correct one. */
function replaced(given: string, passed: string): StructuredPatchHunk {
  const [removed, added] = [linesOf(given), linesOf(passed)]
  return {
    oldStart: 1,
    oldLines: removed.length,
    newStart: 1,
    newLines: added.length,
    lines: [...marked('-', removed, given), ...marked('+', added, passed)],
  }
}

function linesOf(text: string): string[] {
  const lines = text.split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

const marked = (sign: '-' | '+', lines: readonly string[], text: string): string[] => [
  ...lines.map((line) => `${sign}${line}`),
  ...(text === '' || text.endsWith('\n') ? [] : ['\\ No newline at end of file']),
]
