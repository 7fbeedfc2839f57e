import type { SessionLink } from '../store/store.ts'

/** Which sessions are linked to which others, as the store has it. */
export class Links {
  readonly #from = new Map<string, Set<string>>()

  /** Whether it was not known. */
  add({ fromSessionId, toSessionId }: SessionLink): boolean {
    const known = this.#from.get(fromSessionId)
    if (known === undefined) this.#from.set(fromSessionId, new Set([toSessionId]))
    else if (known.has(toSessionId)) return false
    else known.add(toSessionId)
    return true
  }

  /** Whether a session is linked to any other. */
  isLinked(sessionId: string): boolean {
    return this.#from.has(sessionId)
  }

  deleteFrom(sessionId: string): void {
    this.#from.delete(sessionId)
  }

  *[Symbol.iterator](): Generator<SessionLink> {
    for (const [fromSessionId, all] of this.#from) {
      for (const toSessionId of all) yield { fromSessionId, toSessionId }
    }
  }
}
