const FROM_THE_RIGHT =
  /^\P{L}*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u

/**
 * The value of the `dir` attribute for a text, by its first letter. With `dir="auto"`, the browser's layout of a long
 * line takes time quadratic in its length: minutes for megabytes.
 */
export const directionOf = (text: string): 'rtl' | undefined => (FROM_THE_RIGHT.test(text) ? 'rtl' : undefined)
