/** The page during development, as `npx vite dashboard` serves it beside a running delegraph. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServer, loadConfigFromFile } from 'vite'
import { expect, it, onTestFinished } from 'vitest'
import { IngestDocument, request } from '../../client/index.ts'
import { createApp, listen } from '../../src/server.ts'
import { fakeStore } from '../fake-store.ts'
import { makeForest } from '../forest.ts'
import { SILENT, servicesFor } from '../services.ts'

const root = fileURLToPath(new URL('../../dashboard', import.meta.url))

it('the page that is being worked on has the answers of the delegraph beside it', async () => {
  const app = createApp(servicesFor(fakeStore(makeForest([]))), { token: null, isReady: () => true, log: SILENT })
  const delegraph = await listen(app, { host: '127.0.0.1', port: 0 })
  onTestFinished(() => delegraph.close())
  const file = join(root, 'vite.config.ts')
  const loaded = await loadConfigFromFile({ command: 'serve', mode: 'development' }, file)
  // The proxy as configured, with another port.
  const proxy = JSON.parse(JSON.stringify(loaded?.config.server?.proxy).replace('http://127.0.0.1:4000', delegraph.url))
  const vite = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    optimizeDeps: { noDiscovery: true },
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null, proxy },
  })
  onTestFinished(() => vite.close())
  await vite.listen()
  const { origin } = new URL(vite.resolvedUrls?.local[0] ?? '')
  const asPage: typeof fetch = (url, init) =>
    fetch(url, { ...init, headers: { ...init?.headers, origin, 'sec-fetch-site': 'same-origin' } })
  const { ingest } = await request(IngestDocument, {}, { url: `${origin}/graphql`, fetch: asPage })
  expect(ingest.status).toBe('IDLE')
})
