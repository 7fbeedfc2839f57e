/**
 * A family is what has to be built together: sessions connected by their parents, and by links (a fork and its
 * original, a call that resumes a stranger). Ids of sessions that are gone connect, too: children keep their parent's.
 * Families only grow: one that is larger than it need be takes longer to build, and comes to the same.
 */
export class Families {
  readonly #parent = new Map<string, string>()
  /** By the id that stands for it, of every family of more than one. */
  readonly #members = new Map<string, string[]>()

  join(a: string, b: string): void {
    const [x, y] = [this.of(a), this.of(b)]
    if (x === y) return
    // The smaller id stands for the family, whatever came first.
    const [top, other] = x < y ? [x, y] : [y, x]
    this.#parent.set(other, top)
    const [ofTop, ofOther] = [this.#members.get(top) ?? [top], this.#members.get(other) ?? [other]]
    const [few, many] = ofTop.length < ofOther.length ? [ofTop, ofOther] : [ofOther, ofTop]
    for (const id of few) many.push(id)
    this.#members.delete(other)
    this.#members.set(top, many)
  }

  /** The id that stands for the family of a session. */
  of(id: string): string {
    let top = id
    for (let up = this.#parent.get(top); up !== undefined; up = this.#parent.get(top)) top = up
    // Shorten the way for the next time.
    for (let at = id; at !== top; ) {
      const up = this.#parent.get(at) ?? top
      this.#parent.set(at, top)
      at = up
    }
    return top
  }

  /** The ids of all that belong to the family of a session, itself among them. */
  membersOf(id: string): readonly string[] {
    return this.#members.get(this.of(id)) ?? [id]
  }
}
