/** What is known of every session that was read, with the totals and subsets that every run needs. */
import type { Known } from './stamp.ts'

export interface Totals {
  sessions: number
  files: number
  bytes: number
}

/** A history is long and little of it changes from run to run, so no lookup here goes through all sessions. */
export class KnownSessions {
  readonly #byId = new Map<string, Known>()
  readonly #totals = new Map<string, Totals>()
  readonly #kinds = { unsettled: new Set<string>(), rejected: new Set<string>(), forks: new Set<string>() }
  #problemCount = 0

  get size(): number {
    return this.#byId.size
  }

  /** Problems of all sessions together. */
  get problemCount(): number {
    return this.#problemCount
  }

  get(id: string): Known | undefined {
    return this.#byId.get(id)
  }

  ids(): Iterable<string> {
    return this.#byId.keys()
  }

  values(): Iterable<Known> {
    return this.#byId.values()
  }

  set(known: Known): void {
    const { id } = known.listed
    this.#count(this.#byId.get(id), -1)
    this.#byId.set(id, known)
    this.#count(known, 1)
    put(this.#kinds.unsettled, id, known.unsettled)
    put(this.#kinds.rejected, id, known.problems.length > 0)
    put(this.#kinds.forks, id, known.copiedFromMs !== null)
  }

  delete(id: string): void {
    this.#count(this.#byId.get(id), -1)
    this.#byId.delete(id)
    for (const ids of Object.values(this.#kinds)) ids.delete(id)
  }

  /**
   * Sessions of one kind: `unsettled` (to be checked even if their marks are unchanged), `rejected` (with problems) or
   * `forks` (beginning with copied messages).
   */
  allThat(kind: 'unsettled' | 'rejected' | 'forks'): Known[] {
    return [...this.#kinds[kind]].flatMap((id) => this.#byId.get(id) ?? [])
  }

  /** Totals over the sessions read from one source. */
  totalsOf(sourceId: string): Readonly<Totals> {
    return this.#totals.get(sourceId) ?? { sessions: 0, files: 0, bytes: 0 }
  }

  #count(known: Known | undefined, times: 1 | -1): void {
    if (known === undefined) return
    const totals = this.#totals.get(known.sourceId) ?? { sessions: 0, files: 0, bytes: 0 }
    if (!known.senseless) totals.sessions += times
    totals.files += times * known.files
    totals.bytes += times * known.bytes
    this.#totals.set(known.sourceId, totals)
    this.#problemCount += times * known.problemCount
  }
}

function put(ids: Set<string>, id: string, isIn: boolean): void {
  if (isIn) ids.add(id)
  else ids.delete(id)
}
