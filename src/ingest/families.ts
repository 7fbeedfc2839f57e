/**
 * A family is what has to be built together: sessions connected by their parents, and by links (a fork and its
 * original, a call that resumes a stranger). Ids of sessions that are gone connect, too: children keep their parent's.
 */
export class Families {
  readonly #parent = new Map<string, string>()

  join(a: string, b: string): void {
    const [x, y] = [this.of(a), this.of(b)]
    if (x === y) return
    // The smaller id stands for the family, whatever came first.
    if (x < y) this.#parent.set(y, x)
    else this.#parent.set(x, y)
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
}
