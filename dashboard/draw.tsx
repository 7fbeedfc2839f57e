/** Renders the app. Loaded by `main.ts` once the first requests are sent. */
import { StrictMode, startTransition } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { language } from './words/index.tsx'

document.documentElement.lang = language.locale

const page = document.getElementById('page')
if (!page) throw new Error('The page has no element "page".')
// A transition: React renders in slices of a few milliseconds, between which the page stays responsive.
startTransition(() =>
  createRoot(page).render(
    <StrictMode>
      <App />
    </StrictMode>,
  ),
)
