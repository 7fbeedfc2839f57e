/** The root font size for which text-related lengths are given; the user may have set a larger one in the browser. */
const ROOT_PX = 14

/** Measured once, when the page is loaded. */
export const ROOT_SCALE = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / ROOT_PX

/** Scales a length, in CSS pixels, with the root font size. */
export const scaled = (px: number): number => px * ROOT_SCALE
