/** Serves the dashboard: the files that `npm run build` made from `dashboard/`, and no others. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import type { Plugin } from 'graphql-yoga'
import { codeOf } from '../errors.ts'

interface StaticFile {
  body: Uint8Array<ArrayBuffer>
  headers: Record<string, string>
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Same-origin files only, no inline code, no framing: the page shows prompts, which are untrusted input. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** The built files by URL path. */
export type Dashboard = ReadonlyMap<string, StaticFile>

/** Reads the files into memory (about 1 MB), so that requests never touch the disk. Null if the page is not built. */
export function readDashboard(directory: string): Dashboard | null {
  const files = new Map<string, StaticFile>()
  for (const name of listFiles(directory)) {
    const body = new Uint8Array(readFileSync(join(directory, name)))
    const contentType = CONTENT_TYPES[extname(name)]
    if (contentType === undefined) continue
    const path = name === 'index.html' ? '/' : `/${name.replaceAll(sep, '/')}`
    files.set(path, { body, headers: headersOf(path, contentType, body) })
  }
  return files.has('/') ? files : null
}

function listFiles(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

function headersOf(path: string, contentType: string, body: Uint8Array): Record<string, string> {
  const headers = { 'content-type': contentType, 'x-content-type-options': 'nosniff' }
  // The file names in assets/ contain a hash of the content.
  if (path.startsWith('/assets/')) return { ...headers, 'cache-control': 'public, max-age=31536000, immutable' }
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  return {
    ...headers,
    etag,
    'cache-control': 'no-cache',
    ...(path === '/' ? { 'content-security-policy': CONTENT_SECURITY_POLICY, 'referrer-policy': 'no-referrer' } : {}),
  }
}

/** Serves the page under `/`; it holds no data. Without a built page, `/` redirects to GraphiQL. */
export function useDashboard(dashboard: Dashboard | null, graphiql: string): Plugin {
  return {
    onRequest({ request, url, fetchAPI, endResponse }) {
      if (request.method !== 'GET' && request.method !== 'HEAD') return
      const file = dashboard?.get(url.pathname)
      if (file) {
        const known = file.headers.etag !== undefined && request.headers.get('if-none-match') === file.headers.etag
        const body = known || request.method === 'HEAD' ? null : file.body
        endResponse(new fetchAPI.Response(body, { status: known ? 304 : 200, headers: file.headers }))
      } else if (url.pathname === '/') {
        endResponse(new fetchAPI.Response(null, { status: 302, headers: { location: graphiql } }))
      }
    },
  }
}
