const FROM_THE_RIGHT =
  /^\P{L}*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u

/**
 * How a text is written, by its first letter, as the attribute `dir` has it. Left to the browser (`dir="auto"`), a long
 * line is laid out in a time that grows with the square of its length: minutes for megabytes.
 */
export const directionOf = (text: string): 'rtl' | undefined => (FROM_THE_RIGHT.test(text) ? 'rtl' : undefined)
