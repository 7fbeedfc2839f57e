/** A whole prompt or answer, formatted or raw, which can be folded and copied. */
import { lazy, Suspense, useState } from 'react'
import { directionOf } from '../../../format/direction.ts'
import { Boundary } from '../../../parts/boundary.tsx'
import { CopyButton } from '../../../parts/copy-button.tsx'
import { useFigures, useWords } from '../../../words/index.tsx'

const Markdown = lazy(() => import('./markdown.tsx'))

/** In characters. Longer texts start raw: formatting a megabyte would keep the page busy for seconds. */
const FORMATTED_UP_TO = 200_000

export function WholeText({ title, text }: { title: string; text: string | null }) {
  const words = useWords()
  const figures = useFigures()
  // Null until the user chooses: until then the text's length decides, since the answer may arrive while this is shown.
  const [wanted, setFormatted] = useState<boolean | null>(null)
  if (text === null) {
    return (
      <section className="text" aria-label={title}>
        <h3>{title}</h3>
        <p className="muted">{words.detail.noAnswer}</p>
      </section>
    )
  }
  const formatted = wanted ?? text.length <= FORMATTED_UP_TO
  const raw = (
    <pre className="raw" dir={directionOf(text)}>
      {text}
    </pre>
  )
  return (
    <section className="text" aria-label={title}>
      <details open className="fold">
        <summary>
          <h3>{title}</h3>
          <span className="muted">{words.detail.characters(text.length, figures.short(text.length))}</span>
        </summary>
        <div className="text-tools">
          <fieldset className="switch">
            <legend className="offscreen">{words.detail.form(title)}</legend>
            <label>
              <input type="radio" name={title} checked={formatted} onChange={() => setFormatted(true)} />
              <span>{words.detail.rendered}</span>
            </label>
            <label>
              <input type="radio" name={title} checked={!formatted} onChange={() => setFormatted(false)} />
              <span>{words.detail.raw}</span>
            </label>
          </fieldset>
          <CopyButton text={text} label={words.detail.copyOf(title)} />
        </div>
        {formatted ? (
          <Boundary instead={raw}>
            <Suspense fallback={raw}>
              <Markdown text={text} />
            </Suspense>
          </Boundary>
        ) : (
          raw
        )}
      </details>
    </section>
  )
}
