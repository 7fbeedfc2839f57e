/**
 * Groups sessions into families (a union-find). A family is built as a whole: its sessions are connected by parents and
 * by links (a fork and its original, a call that resumes a session that is not its child). Removed sessions still
 * connect, because their children keep the parent's id. Families never split: one larger than necessary takes longer to
 * build, with the same result.
 */
export class Families {
  readonly #parent = new Map<string, string>()
  /** The members of every family of more than one session, by its representative. */
  readonly #members = new Map<string, string[]>()

  join(a: string, b: string): void {
    const [x, y] = [this.of(a), this.of(b)]
    if (x === y) return
    // The smaller id becomes the representative, whatever the order of calls.
    const [top, other] = x < y ? [x, y] : [y, x]
    this.#parent.set(other, top)
    const [ofTop, ofOther] = [this.#members.get(top) ?? [top], this.#members.get(other) ?? [other]]
    const [few, many] = ofTop.length < ofOther.length ? [ofTop, ofOther] : [ofOther, ofTop]
    for (const id of few) many.push(id)
    this.#members.delete(other)
    this.#members.set(top, many)
  }

  /** The id that represents a session's family. */
  of(id: string): string {
    let top = id
    for (let up = this.#parent.get(top); up !== undefined; up = this.#parent.get(top)) top = up
    // Path compression, for later calls.
    for (let at = id; at !== top; ) {
      const up = this.#parent.get(at) ?? top
      this.#parent.set(at, top)
      at = up
    }
    return top
  }

  /** The ids of all members of a session's family, including the session. */
  membersOf(id: string): readonly string[] {
    return this.#members.get(this.of(id)) ?? [id]
  }
}
