/** Digests of families that are under way, kept for their next change: then only the session that changed is read. */
import type { SessionDigest } from '../trace/build.ts'
import type { Member } from './requests.ts'

/** By `weightOf`: about twice what they take. */
const KEPT_BYTES = 64 * 1024 * 1024

interface Entry {
  version: number
  mark: string
  digest: SessionDigest
  bytes: number
  /** The request that last used it. */
  use: number
}

export class KeptDigests {
  /** In the order of their use. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0
  #use = 0

  /** What is used from now on is used by one more request. */
  beginRequest(): void {
    this.#use++
  }

  get(member: Member): SessionDigest | null {
    const entry = this.#entries.get(keyOf(member))
    const isOf = entry?.version === member.version && entry.mark === member.session.mark
    return isOf ? entry.digest : null
  }

  /**
   * What was not used for longest makes room. What this very request has used does not: of a family that is larger than
   * the room, the next change would find none, since each of its digests would have made room for the last ones.
   */
  keep(member: Member, digest: SessionDigest): void {
    const key = keyOf(member)
    const bytes = weightOf(digest)
    this.#forget(key)
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes + bytes <= KEPT_BYTES || entry.use === this.#use) break
      this.#forget(oldest)
    }
    if (this.#bytes + bytes > KEPT_BYTES) return
    this.#entries.set(key, { version: member.version, mark: member.session.mark, digest, bytes, use: this.#use })
    this.#bytes += bytes
  }

  #forget(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
  }
}

const keyOf = ({ spec, session }: Member): string => `${spec.ref.id} ${session.id}`

/** Roughly, what a digest takes in memory. */
function weightOf(digest: SessionDigest): number {
  let bytes = 500
  for (const run of digest.runs) {
    bytes += 500 + 2 * (run.prompt.length + (run.outcome.output?.length ?? 0)) + 200 * run.toolCalls.length
  }
  for (const call of digest.calls) {
    bytes += 500 + 2 * ((call.task.prompt?.length ?? 0) + (call.task.output?.length ?? 0))
  }
  return bytes
}
