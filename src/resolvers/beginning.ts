/** The first so many UTF-16 code units of a text; one less where that would cut a character in two. */
export const beginningOf = (text: string, length: number): string =>
  text.slice(0, length).replace(/[\ud800-\udbff]$/, '')
