/** The page: header, notes, filters and the current view, and the keys that work everywhere. */
import { QueryClientProvider } from '@tanstack/react-query'
import { type ComponentType, lazy, Suspense, useEffect, useState } from 'react'
import { queryClient } from './data/answers.ts'
import { usePlace, type View } from './data/place.ts'
import { useReading } from './data/use-reading.ts'
import { FilterBar } from './filters/filter-bar.tsx'
import { FIRST_FILTER } from './filters/text-field.tsx'
import { Boundary } from './parts/boundary.tsx'
import { Broken, Loading } from './parts/notice.tsx'
import { useKeptFocus } from './parts/use-kept-focus.ts'
import { Header } from './shell/header.tsx'
import { HelpDialog } from './shell/help-dialog.tsx'
import { ReadingNote, UnrenewedNote } from './shell/notes.tsx'
import { TokenGate } from './shell/token-gate.tsx'
import { SessionsView } from './views/sessions/sessions-view.tsx'
import { LanguageProvider, useWords } from './words/index.tsx'

/** All views but the first are loaded when they are opened. */
const CONTENT: Readonly<Record<View, ComponentType>> = {
  sessions: SessionsView,
  timeline: lazy(() => import('./views/timeline/timeline-view.tsx')),
  flow: lazy(() => import('./views/flow/flow-view.tsx')),
  metrics: lazy(() => import('./views/metrics/metrics-view.tsx')),
  compare: lazy(() => import('./views/compare/compare-view.tsx')),
  patterns: lazy(() => import('./views/patterns/patterns-view.tsx')),
}

export function App() {
  return (
    <LanguageProvider>
      <QueryClientProvider client={queryClient}>
        <TokenGate>
          <Page />
        </TokenGate>
      </QueryClientProvider>
    </LanguageProvider>
  )
}

function Page() {
  const words = useWords()
  const place = usePlace()
  const reading = useReading()
  const [help, setHelp] = useState(false)
  const Content = CONTENT[place.view]
  const keptFocus = useKeptFocus(place)
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.key !== '?' && event.key !== '/') || isTyping(event.target)) return
      // With a modifier, these are shortcuts of the browser or the system.
      if (event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      if (event.key === '?') setHelp(true)
      else document.getElementById(FIRST_FILTER)?.focus()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
  return (
    <>
      <Header place={place} reading={reading} onHelp={() => setHelp(true)} />
      <ReadingNote reading={reading} />
      <UnrenewedNote />
      <FilterBar place={place} />
      <main id="content" className="content" tabIndex={-1} {...keptFocus}>
        <Boundary key={place.view} instead={<Broken name={words.views[place.view]} />}>
          <Suspense fallback={<Loading />}>
            <Content />
          </Suspense>
        </Boundary>
      </main>
      {help ? <HelpDialog onClose={() => setHelp(false)} /> : null}
    </>
  )
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input:not([type=radio], [type=checkbox]), textarea, select')
