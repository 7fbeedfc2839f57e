/** Keeps the digests of families that are under way, so that after a change only the changed session is read again. */
import type { SessionDigest } from '../trace/build.ts'
import type { Member } from './requests.ts'

/** Limit in bytes, as estimated by `weightOf`: about twice the memory that the digests really take. */
const KEPT_BYTES = 64 * 1024 * 1024

interface Entry {
  version: number
  mark: string
  digest: SessionDigest
  bytes: number
  /** Number of the request that last used it. */
  use: number
}

export class KeptDigests {
  /** In the order of last use. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0
  #use = 0

  /** Starts a new request, to which all following uses are attributed. */
  beginRequest(): void {
    this.#use++
  }

  get(member: Member): SessionDigest | null {
    const entry = this.#entries.get(keyOf(member))
    const isOf = entry?.version === member.version && entry.mark === member.session.mark
    return isOf ? entry.digest : null
  }

  /**
   * Evicts the least recently used digests to make room, but none that the current request has used. Otherwise the
   * digests of a family larger than the limit would evict one another, and the next change would find none of its own.
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

/** A rough estimate of the memory that a digest takes, in bytes. */
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
