import { useState } from 'react'
import { ENDPOINT } from '../data/ask.ts'
import { type Place, VIEWS } from '../data/place.ts'
import type { Reading } from '../data/use-reading.ts'
import icon from '../icon.svg'
import { Icon } from '../parts/icon.tsx'
import { PlaceLink } from '../parts/place-link.tsx'
import { useWords } from '../words/index.tsx'
import { ConnectionSign } from './connection-sign.tsx'
import { keepTheme, keptTheme, showTheme, THEMES, type Theme } from './theme.ts'

interface Props {
  place: Place
  reading: Reading | null
  onHelp: () => void
}

export function Header({ place, reading, onHelp }: Props) {
  const words = useWords()
  return (
    <header className="top">
      <a className="skip" href="#content">
        {words.skip}
      </a>
      <span className="brand">
        <img src={icon} alt="" width="20" height="20" />
        delegraph
      </span>
      <nav aria-label={words.viewsLabel}>
        <ul className="views">
          {VIEWS.map((view) => (
            <li key={view}>
              <PlaceLink place={place} change={{ view }} className="view-link" current={place.view === view}>
                {words.views[view]}
              </PlaceLink>
            </li>
          ))}
        </ul>
      </nav>
      <span className="toolbar-gap" />
      <ConnectionSign reading={reading} />
      <ThemeChoice />
      <button type="button" className="button button-icon" aria-label={words.help} title={words.help} onClick={onHelp}>
        <Icon name="help" />
      </button>
      <a className="button" href={ENDPOINT.href} title={words.openGraphiqlHint}>
        {words.openGraphiql}
      </a>
    </header>
  )
}

function ThemeChoice() {
  const words = useWords()
  const [theme, setTheme] = useState(keptTheme)
  const choose = (wanted: Theme) => {
    setTheme(wanted)
    showTheme(wanted)
    keepTheme(wanted)
  }
  return (
    <label className="theme-choice">
      <span className="offscreen">{words.theme.label}</span>
      <select value={theme} onChange={(event) => choose(THEMES.find((name) => name === event.target.value) ?? 'auto')}>
        {THEMES.map((name) => (
          <option key={name} value={name}>
            {words.theme[name]}
          </option>
        ))}
      </select>
    </label>
  )
}
