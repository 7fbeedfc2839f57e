/** The page's texts and number formats, in the browser's preferred language: English or French. */
import { createContext, type ReactNode, useContext, useEffect } from 'react'
import { type Figures, figuresFor } from '../format/figures.ts'
import { en } from './en.ts'
import { fr } from './fr.ts'

export type Words = typeof en

interface Language {
  locale: string
  words: Words
  figures: Figures
}

function languageOf(preferred: readonly string[]): Language {
  for (const locale of preferred) {
    if (/^fr\b/i.test(locale)) return { locale, words: fr, figures: figuresFor(locale) }
    if (/^en\b/i.test(locale)) return { locale, words: en, figures: figuresFor(locale) }
  }
  return { locale: 'en', words: en, figures: figuresFor('en') }
}

export const language = languageOf(navigator.languages)

const LanguageContext = createContext(language)

export function LanguageProvider({ children }: { children: ReactNode }) {
  // In an effect: after the page's frame is painted, while the first answer is pending.
  useEffect(language.figures.prepare, [])
  return <LanguageContext value={language}>{children}</LanguageContext>
}

export const useWords = (): Words => useContext(LanguageContext).words
export const useFigures = (): Figures => useContext(LanguageContext).figures
