/** The theme: light, dark, or the system's; kept in this browser. */
import { keep, kept } from '../data/kept.ts'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'delegraph.theme'

export function keptTheme(): Theme {
  const name = kept(KEY)
  return THEMES.find((theme) => theme === name) ?? 'auto'
}

/** Sets the attribute that the style sheets read. */
export function showTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme
}

export function keepTheme(theme: Theme): void {
  keep(KEY, theme)
}
