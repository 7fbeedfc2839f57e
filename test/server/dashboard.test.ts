import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readDashboard } from '../../src/server/dashboard.ts'
import { createApp } from '../../src/server.ts'
import { fakeStore } from '../fake-store.ts'
import { makeForest } from '../forest.ts'
import { SILENT, servicesFor } from '../services.ts'

describe('the files of the dashboard', () => {
  const directory = mkdtempSync(join(tmpdir(), 'delegraph-files-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'page/assets'), { recursive: true })
  writeFileSync(join(directory, 'page/index.html'), '<!doctype html><title>delegraph</title>')
  writeFileSync(join(directory, 'page/assets/main-4f3a.js'), 'export {}')
  writeFileSync(join(directory, 'page/notes.txt'), 'not for the browser')
  writeFileSync(join(directory, 'secret.js'), 'beside the page')

  const app = (built = true, token: string | null = null) =>
    createApp(servicesFor(fakeStore(makeForest([]))), {
      token,
      log: SILENT,
      isReady: () => true,
      dashboard: readDashboard(join(directory, built ? 'page' : 'nothing')),
    })
  const get = (path: string, init: RequestInit = {}, served = app()) =>
    served.fetch(`http://127.0.0.1${path}`, { redirect: 'manual', ...init })

  it('are served under / with a strict policy, and asked for again each time', async () => {
    const response = await get('/?session=ses_1')
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toMatch(/unsafe|\*/)
    expect(response.headers.get('cache-control')).toBe('no-cache')
    const again = await get('/', { headers: { 'if-none-match': response.headers.get('etag') ?? '' } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  it('may be kept for ever where their names change with what is in them', async () => {
    const response = await get('/assets/main-4f3a.js')
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8'])
    expect(response.headers.get('cache-control')).toContain('immutable')
  })

  it('are those that were there at the start, and no other', async () => {
    for (const path of [
      '/secret.js',
      '/../secret.js',
      '/assets/..%2f..%2fsecret.js',
      '/assets/',
      '/notes.txt',
      '/index.html',
    ]) {
      const response = await get(path, { headers: { accept: '*/*' } })
      expect([path, response.status]).toEqual([path, 404])
    }
    expect((await get('/', { method: 'POST' })).status).toBe(404)
  })

  it('need no token, since there is no data in them', async () => {
    const served = app(true, 'secret')
    expect((await get('/', {}, served)).status).toBe(200)
    expect((await get('/graphql?query=%7Bfacets%7BfirstAt%7D%7D', {}, served)).status).toBe(401)
  })

  it('give way to GraphiQL where the page is not built', async () => {
    const response = await get('/', {}, app(false))
    expect([response.status, response.headers.get('location')]).toEqual([302, '/graphql'])
  })
})
