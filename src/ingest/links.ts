import type { SessionLink } from '../store/store.ts'

/** The links between sessions, as stored: which session is linked to which others. */
export class Links {
  readonly #from = new Map<string, Set<string>>()

  /** @returns whether the link is new */
  add({ fromSessionId, toSessionId }: SessionLink): boolean {
    const known = this.#from.get(fromSessionId)
    if (known === undefined) this.#from.set(fromSessionId, new Set([toSessionId]))
    else if (known.has(toSessionId)) return false
    else known.add(toSessionId)
    return true
  }

  /** Whether a session has a link to any other. */
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
