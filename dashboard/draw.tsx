import { StrictMode, startTransition } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { language } from './words/index.tsx'

document.documentElement.lang = language.locale

const page = document.getElementById('page')
if (!page) throw new Error('The page has no element "page".')
// As a transition, so that it is drawn in pieces of a few milliseconds, between which the page answers.
startTransition(() =>
  createRoot(page).render(
    <StrictMode>
      <App />
    </StrictMode>,
  ),
)
