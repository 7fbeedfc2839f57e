/** The page's entry: sends the first requests and applies the theme before it loads React and the components. */
import { expectChanges } from './data/changes.ts'
import { askForFirstView } from './data/first-answers.ts'
import { keptTheme, showTheme } from './shell/theme.ts'
import './styles/page.css'
import './styles/parts.css'
import './styles/controls.css'
import './styles/signs.css'
import './styles/dialog.css'
import './styles/table.css'
import './styles/filters.css'
import './styles/sessions.css'
import './styles/tree.css'
import './styles/detail.css'
import './styles/metrics.css'
import './styles/forced-colors.css'
import './styles/print.css'

expectChanges()
askForFirstView()
showTheme(keptTheme())
// One after the other: evaluating both in one task would block the main thread for longer.
import('react-dom/client').then(() => import('./draw.tsx'))
