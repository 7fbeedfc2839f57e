/** What was found and what could not be read, for the store and for whoever asked. */
import { statOf } from '../files.ts'
import type { SourceNews, SourceState, StoredRejection } from '../store/store.ts'
import { noteProblems } from './changes.ts'
import { keyOfRejections, type Memory } from './memory.ts'
import type { SourceSpec } from './source.ts'
import type { IngestResult, Run } from './types.ts'

/** Rejections that are stored. */
const MAX_REJECTED = 10_000

/** Stands for the fingerprint of a source whose first reading has begun and not come to its end: no source has this one. */
const UNREAD = 'unread'

/** Whether a history may be there in part only: of some source the first reading has not come to its end, or none has begun. */
export const isPartlyRead = (states: readonly SourceState[]): boolean => states.length === 0 || states.some(isUnread)

export const isUnread = ({ fingerprint }: SourceState): boolean => fingerprint === UNREAD

/** Says before the first row is saved which sources there are; without fingerprints, so that they are looked at again. */
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

/** Null where nothing of it is new. */
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

/** What failed while it was read is a problem of its source, too, which is listed anew by the next run. */
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
  // Without a fingerprint the next run looks at everything again.
  const fingerprint = failed.has(id) ? null : print
  return { source: ref, fingerprint, ...memory.known.totalsOf(id), ...size, readAtMs: startedAtMs }
}

/** Whether all rejections can be told without the stamps: of very many, only the first were saved as such. */
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
