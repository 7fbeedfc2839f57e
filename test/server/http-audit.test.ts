/** Runs the working group's audit of GraphQL over HTTP. */
import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp, type Listening, listen } from '../../src/server.ts'
import { fakeStore } from '../fake-store.ts'
import { makeForest } from '../forest.ts'
import { SILENT, servicesFor } from '../services.ts'

describe('GraphQL over HTTP', () => {
  let server: Listening
  beforeAll(async () => {
    const services = servicesFor(fakeStore(makeForest([{ id: 'a', turns: [{ agent: 'build' }] }])))
    const app = createApp(services, { token: null, isReady: () => true, log: SILENT })
    server = await listen(app, { host: '127.0.0.1', port: 0 })
  })
  afterAll(() => server.close())

  const audits = serverAudits({ url: () => `${server.url}/graphql`, fetchFn: fetch })
  const binding = audits.filter(({ name }) => /^(MUST|SHOULD)/.test(name))

  it('has audits that bind', () => {
    expect(binding.length).toBeGreaterThan(30)
  })

  for (const audit of binding) {
    it(audit.name, async () => {
      const result = await audit.fn()
      expect(result.status === 'ok' ? 'ok' : `${result.status}: ${result.reason}`).toBe('ok')
    })
  }
})
