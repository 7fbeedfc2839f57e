const PATHS = {
  chevron: 'M6 4l4 4-4 4',
  check: 'M3.5 8.5l3 3 6-7',
  cross: 'M4 4l8 8M12 4l-8 8',
  stop: 'M4.5 4.5h7v7h-7z',
  bolt: 'M9 2L4 9h4l-1 5 5-7H8z',
  play: 'M5.5 3.5l7 4.5-7 4.5z',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  zoomIn: 'M7 3a4 4 0 100 8 4 4 0 000-8zM10 10l3.5 3.5M7 5.2v3.6M5.2 7h3.6',
  zoomOut: 'M7 3a4 4 0 100 8 4 4 0 000-8zM10 10l3.5 3.5M5.2 7h3.6',
  whole: 'M2.5 4v8M13.5 4v8M4.5 8h7M6.5 6l-2 2 2 2M9.5 6l2 2-2 2',
  terminal: 'M2.5 3.5h11v9h-11zM5 6.5l2 1.7-2 1.7M8.5 10.5h2.5',
  code: 'M6 4L2.5 8 6 12M10 4l3.5 4-3.5 4',
  theme: 'M8 2.5a5.5 5.5 0 100 11zM8 2.5a5.5 5.5 0 010 11',
  search: 'M7 3a4 4 0 100 8 4 4 0 000-8zM10 10l3.5 3.5',
  help: 'M6 6a2 2 0 113 1.7c-.7.4-1 .8-1 1.6M8 11.8v.2',
  route: 'M3 12h3V4h4v5h3',
  flow: 'M2.5 3.5h4v3h-4zM9.5 9.5h4v3h-4zM4.5 6.5V11h5',
  compare: 'M2.5 3.5h4.5v9H2.5zM9 3.5h4.5v9H9z',
  expand: 'M4 6l4 4 4-4',
  warning: 'M8 2.5l6 11H2zM8 6.5v3.5M8 11.8v.2',
} as const

export type IconName = keyof typeof PATHS

/** Hidden from screen readers: use it beside a text that says the same, or in a button with an accessible name. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
