/**
 * Markdown of prompts and answers, which are hostile input: HTML in it is text, and what would load or lead anywhere is
 * shown as what it is, with its address in full. Only marks of the text's own form become elements.
 */
import type { ReactNode } from 'react'
import ReactMarkdown, { type Components } from 'react-markdown'
import rehypeSanitize, { defaultSchema } from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'
import { directionOf } from '../../../format/direction.ts'
import { useWords } from '../../../words/index.tsx'

/** No attribute that names an address, an id or a class survives. */
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
  // Below the title of the text, which is one of the third level: they are no headings of the page.
  h1: 'h4',
  h2: 'h5',
  h3: 'h6',
  h4: 'h6',
  h5: 'h6',
  a: ({ href, children }) => <Address url={href}>{children}</Address>,
  img: ({ src, alt }) => <Picture url={typeof src === 'string' ? src : undefined} alt={alt} />,
  // Long lines scroll, by the keyboard, too.
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
