/**
 * Whether a word matches a glob, in which `*` stands for any characters or none. Takes time proportional to the product
 * of both lengths at worst, which is fine for short words.
 */
export function globMatches(glob: string, word: string): boolean {
  const [head = '', ...rest] = glob.split('*')
  if (rest.length === 0) return head === word
  const tail = rest.pop() ?? ''
  if (!word.startsWith(head) || word.length < head.length + tail.length || !word.endsWith(tail)) return false
  let at = head.length
  for (const piece of rest) {
    const found = word.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return at <= word.length - tail.length
}
