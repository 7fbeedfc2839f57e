/**
 * Renders the Markdown of prompts and answers, which is hostile input: HTML is shown as text, links and images are
 * shown with their full URLs and are neither followed nor loaded, and only formatting becomes elements.
 */
import type { ReactNode } from 'react'
import ReactMarkdown, { type Components } from 'react-markdown'
import rehypeSanitize, { defaultSchema } from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'
import { directionOf } from '../../../format/direction.ts'
import { useWords } from '../../../words/index.tsx'

/** No `id` or `class` survives; `href` and `src` do, but are only shown as text. */
const SCHEMA: typeof defaultSchema = {
  ...defaultSchema,
  attributes: {
    a: ['href'],
    img: ['src', 'alt'],
    input: ['type', 'checked', 'disabled'],
    ol: ['start'],
  },
}

const COMPONENTS: Components = {
  // The text's title is an `h3` of the page, so its own headings start below that.
  h1: 'h4',
  h2: 'h5',
  h3: 'h6',
  h4: 'h6',
  h5: 'h6',
  a: ({ href, children }) => <Address url={href}>{children}</Address>,
  img: ({ src, alt }) => <Picture url={typeof src === 'string' ? src : undefined} alt={alt} />,
  // Focusable, so that long lines can be scrolled by keyboard.
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
  input: ({ checked }) => <span aria-hidden="true">{checked ? '☑' : '☐'}</span>,
}

function Address({ url, children }: { url: string | undefined; children: ReactNode }) {
  return (
    <span className="address">
      {children}
      {url === undefined || url === '' || url === children ? null : <span className="address-url"> ({url})</span>}
    </span>
  )
}

function Picture({ url, alt }: { url: string | undefined; alt: string | undefined }) {
  const words = useWords()
  return (
    <span className="address">
      [{words.detail.image}
      {alt ? `: ${alt}` : ''}]{url ? <span className="address-url"> ({url})</span> : null}
    </span>
  )
}

export default function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown" dir={directionOf(text)}>
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        rehypePlugins={[[rehypeSanitize, SCHEMA]]}
        components={COMPONENTS}
        urlTransform={(url) => url}
      >
        {text}
      </ReactMarkdown>
    </div>
  )
}
