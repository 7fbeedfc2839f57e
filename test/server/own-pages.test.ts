import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp, type Listening, listen } from '../../src/server.ts'
import { fakeStore } from '../fake-store.ts'
import { makeForest } from '../forest.ts'
import { SILENT, servicesFor } from '../services.ts'

describe('a page of another site', () => {
  let server: Listening
  beforeAll(async () => {
    const forest = makeForest([
      { id: 'a', turns: [{ agent: 'coordinator', calls: [{ agent: '</script><script>alert("$&")' }] }] },
    ])
    const app = createApp(servicesFor(fakeStore(forest)), { token: null, log: SILENT, isReady: () => true })
    server = await listen(app, { host: '127.0.0.1', port: 0 })
  })
  afterAll(() => server.close())

  const QUERY = '/graphql?query=%7B__typename%7D'
  function ask(headers: Record<string, string>, path = QUERY): Promise<{ status: number; text: string }> {
    const { port } = new URL(server.url)
    return new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers: { accept: 'application/json', ...headers } }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
        .on('error', reject)
        .end()
    })
  }

  it('is refused under any name but this machine’s own', async () => {
    const { port } = new URL(server.url)
    for (const host of ['localhost', '127.0.0.1', '[::1]'])
      expect((await ask({ host: `${host}:${port}` })).status).toBe(200)
    for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.evil.example']) {
      const refused = await ask({ host })
      expect(refused).toMatchObject({ status: 403, text: expect.stringContaining('FORBIDDEN') })
      expect(refused.text).toContain('--host')
    }
  })

  it('is refused by its origin, and by what the browser says of where it stands', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1'])
      expect((await ask({ origin })).status).toBe(403)
    expect((await ask({ origin: server.url })).status).toBe(200)
    for (const site of ['cross-site', 'same-site']) expect((await ask({ 'sec-fetch-site': site })).status).toBe(403)
    expect((await ask({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).status).toBe(403)
    expect((await ask({ 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  })

  it('is told from one of its own that a proxy brings over HTTPS, which it does only to other machines', async () => {
    const ask = async (host: string, url: string, origin: string) => {
      const services = servicesFor(fakeStore(makeForest([])))
      const app = createApp(services, { token: null, log: SILENT, isReady: () => true, host })
      return (await app.fetch(`${url}${QUERY}`, { headers: { origin } })).status
    }
    expect(await ask('0.0.0.0', 'http://delegraph.example', 'https://delegraph.example')).toBe(200)
    expect(await ask('0.0.0.0', 'http://delegraph.example:4000', 'https://delegraph.example:4000')).toBe(200)
    for (const origin of ['https://evil.example', 'https://delegraph.example:1', 'ftp://delegraph.example', 'null'])
      expect(await ask('0.0.0.0', 'http://delegraph.example', origin)).toBe(403)
    expect(await ask('127.0.0.1', 'http://localhost', 'https://localhost')).toBe(403)
  })

  it('may link to GraphiQL, in which no agent’s name can end the script', async () => {
    const link = { accept: 'text/html', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    const { status, text } = await ask(link, '/graphql')
    expect(status).toBe(200)
    expect(text).toContain('GraphiQL')
    expect(text).not.toContain('<script>alert(')
    expect(text).toContain('u003c/script>')
  })
})
