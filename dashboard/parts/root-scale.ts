/** Lengths beside text are given for a root font of so many pixels, which a reader may have chosen larger in the browser. */
const ROOT_PX = 14

/** As it was when the page was loaded. */
export const ROOT_SCALE = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / ROOT_PX

/** A length beside text, in CSS pixels. */
export const scaled = (px: number): number => px * ROOT_SCALE
