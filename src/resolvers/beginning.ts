/** The first `length` UTF-16 code units of a text, or one fewer if the cut would split a surrogate pair. */
export const beginningOf = (text: string, length: number): string =>
  text.slice(0, length).replace(/[\ud800-\udbff]$/, '')
