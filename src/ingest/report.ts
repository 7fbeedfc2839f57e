/** Reports what was found and what could not be read, to the store and to the caller. */
import { statOf } from '../files.ts'
import type { SourceNews, SourceState, StoredRejection } from '../store/store.ts'
import { noteProblems } from './changes.ts'
import { keyOfRejections, type Memory } from './memory.ts'
import type { SourceSpec } from './source.ts'
import type { IngestResult, Run } from './types.ts'

/** Maximum number of rejections that are stored. */
const MAX_REJECTED = 10_000

/**
 * Stands for the fingerprint of a source whose first read has begun but not finished; no real fingerprint equals it.
 */
const UNREAD = 'unread'

/** Whether the stored history may be incomplete: no source was ever read, or the first read of one has not finished. */
export const isPartlyRead = (states: readonly SourceState[]): boolean => states.length === 0 || states.some(isUnread)

export const isUnread = ({ fingerprint }: SourceState): boolean => fingerprint === UNREAD

/** Saves the list of sources before their first row is saved, without fingerprints, so that all are checked again. */
export async function announceSources(
  { memory, options, startedAtMs }: Run,
  specs: readonly SourceSpec[],
): Promise<void> {
  const states = new Map(memory.states)
  for (const [id, state] of states) if (!isUnread(state)) states.set(id, { ...state, fingerprint: null })
  for (const { ref } of specs) {
    if (states.has(ref.id)) continue
    states.set(ref.id, { source: ref, fingerprint: UNREAD, sessions: 0, files: 0, bytes: 0, readAtMs: startedAtMs })
  }
  await options.store.saveSources({ states: [...states.values()], rejections: null })
  memory.states = states
}

/** @returns the states and rejections to be saved; null if nothing is new */
export function newsOfSources(
  run: Run,
  specs: readonly SourceSpec[],
  fingerprints: ReadonlyMap<string, string | null>,
  changed: boolean,
): SourceNews | null {
  const { memory } = run
  noteFailures(run, specs)
  const before = [...(memory.states?.values() ?? [])]
  const states = specs.map((spec) => stateOf(run, spec, fingerprints.get(spec.ref.id) ?? null))
  memory.states = new Map(states.map((state) => [state.source.id, state]))
  const { rejected } = rejections(memory)
  const key = keyOfRejections(rejected)
  const areSame = memory.rejected === key
  memory.rejected = key
  const stripped = (list: readonly SourceState[]) => JSON.stringify(list.map((state) => ({ ...state, readAtMs: 0 })))
  if (!changed && areSame && stripped(before) === stripped(states)) return null
  return { states, rejections: areSame ? null : rejected }
}

/** A failure to read is also noted as a problem of the source, and the next run lists that source from scratch. */
function noteFailures({ memory, failed, options }: Run, specs: readonly SourceSpec[]): void {
  for (const [id, reason] of failed) {
    const spec = specs.find((s) => s.ref.id === id)
    if (spec === undefined) continue
    const before = memory.problems.get(id)
    const failure = noteProblems([{ path: spec.ref.path, reason }], id, before, options.now())
    memory.problems.set(id, new Map([...(before ?? []), ...failure]))
    memory.listings.delete(id)
  }
}

function stateOf({ memory, failed, startedAtMs }: Run, { ref }: SourceSpec, print: string | null): SourceState {
  const { id, kind, path } = ref
  const size = kind === 'OPENCODE_SQLITE' ? { files: 1, bytes: sizeOf(path) + sizeOf(`${path}-wal`) } : {}
  // Without a fingerprint the next run checks everything again.
  const fingerprint = failed.has(id) ? null : print
  return { source: ref, fingerprint, ...memory.known.totalsOf(id), ...size, readAtMs: startedAtMs }
}

/**
 * Whether all rejections are known without loading the stamps. If there were more than the limit, only the first were
 * saved.
 */
export const knowsRejections = (memory: Memory): boolean =>
  memory.loaded.size > 0 || memory.rejectedBefore.length < MAX_REJECTED

export function rejections(memory: Memory): Pick<IngestResult, 'rejected' | 'rejectedCount'> {
  if (memory.loaded.size === 0)
    return { rejected: [...memory.rejectedBefore], rejectedCount: memory.rejectedBefore.length }
  const rejected: StoredRejection[] = []
  let rejectedCount = memory.known.problemCount
  for (const problems of memory.problems.values()) {
    rejectedCount += problems.size
    for (const problem of problems.values()) rejected.push(problem)
  }
  for (const { sourceId, problems, seenAtMs } of memory.known.allThat('rejected')) {
    if (rejected.length >= MAX_REJECTED) break
    for (const { path, reason } of problems) rejected.push({ sourceId, path, reason, atMs: seenAtMs })
  }
  return { rejected: rejected.slice(0, MAX_REJECTED), rejectedCount }
}

const sizeOf = (path: string): number => Number(statOf(path)?.size ?? 0)
