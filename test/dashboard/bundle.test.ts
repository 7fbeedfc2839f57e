import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readDashboard } from '../../src/server/dashboard.ts'
import { DASHBOARD } from './browser.ts'

/** The most that a first visit may load, compressed: 350 KB. */
const FIRST_VIEW_BYTES = 350 * 1024

describe('the built page', () => {
  const files = readDashboard(DASHBOARD) ?? new Map()
  const html = new TextDecoder().decode(files.get('/')?.body)

  it('loads little for its first view', () => {
    const loaded = [...html.matchAll(/(?:src|href)="\.?(\/[^"]+)"/g)].map(([, path = '']) => path)
    expect(loaded.length).toBeGreaterThan(2)
    const sizes = loaded.map((path) => gzipSync(files.get(path)?.body ?? '').length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(FIRST_VIEW_BYTES)
  })

  it('has nothing inline that its policy would refuse', () => {
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i)
  })
})
