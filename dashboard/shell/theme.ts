/** Light, dark, or like the system; kept in this browser. */
import { keep, kept } from '../data/kept.ts'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'delegraph.theme'

export function keptTheme(): Theme {
  const name = kept(KEY)
  return THEMES.find((theme) => theme === name) ?? 'auto'
}

/** The style sheet reads the attribute. */
export function showTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme
}

export function keepTheme(theme: Theme): void {
  keep(KEY, theme)
}
