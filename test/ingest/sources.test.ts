/** Tests that a history gives the same records, whatever its form. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { storesOf } from '../../src/ingest/opencode/discover.ts'
import type { SourceSpec } from '../../src/ingest/source.ts'
import {
  contentsOf,
  createDatabase,
  exportOf,
  homeOf,
  insertRow,
  recordings,
  rowsOf,
  sanitized,
  scratch,
  sessionFilesOf,
  tableOf,
} from './homes.ts'

const spec = (kind: SourceSpec['ref']['kind'], path: string): SourceSpec => ({
  ref: { id: `${kind}:${path}`, kind, path },
  home: path,
  layer: 0,
})
const withFiles = recordings.filter((r) => r.version.startsWith('1.0') || r.version.startsWith('1.1.'))

describe('one history in several forms', () => {
  it.each(withFiles.map((r) => r.name))('%s is the same as files and as a database', (name) => {
    const home = homeOf(name)
    const storage = join(home, 'storage')
    const path = join(scratch(), 'opencode.db')
    const db = createDatabase(path)
    for (const row of rowsOf(storage)) insertRow(db, row)
    const fromDatabase = contentsOf(spec('OPENCODE_SQLITE', path))
    db.close()
    const fromFiles = contentsOf(spec('OPENCODE_JSON', storage))
    expect(fromFiles.size).toBeGreaterThan(0)
    expect(fromDatabase).toEqual(fromFiles)
  })

  it.each(withFiles.map((r) => r.name))('%s is the same as files and as exports', async (name) => {
    const storage = join(homeOf(name), 'storage')
    const directory = join(scratch(), 'exports')
    mkdirSync(directory)
    const fromFiles = contentsOf(spec('OPENCODE_JSON', storage))
    for (const file of sessionFilesOf(storage)) {
      const path = join(directory, basename(file))
      writeFileSync(path, JSON.stringify(exportOf(storage, file), null, 2))
      const [content] = contentsOf(spec('OPENCODE_EXPORT', path)).values()
      const expected = fromFiles.get(basename(file, '.json'))
      // In an export only answers name the project, so a session without an answer does not know it.
      const project = content?.session.project === null ? null : expected?.session.project
      expect(content).toEqual({ ...expected, session: { ...expected?.session, project } })
    }
    const withoutSources = (table: Awaited<ReturnType<typeof tableOf>>) => ({
      ...table,
      sessions: table.sessions.map((s) => ({ ...s, sourceId: '', project: '' })),
    })
    expect(withoutSources(await tableOf([directory]))).toEqual(withoutSources(await tableOf([storage])))
  })

  it.each(withFiles.map((r) => r.name))('%s is the same tree where its exports are sanitized', async (name) => {
    const storage = join(homeOf(name), 'storage')
    const [whole, clean] = [join(scratch(), 'whole'), join(scratch(), 'clean')]
    for (const directory of [whole, clean]) mkdirSync(directory)
    for (const file of sessionFilesOf(storage)) {
      const exported = exportOf(storage, file)
      writeFileSync(join(whole, basename(file)), JSON.stringify(exported))
      writeFileSync(join(clean, basename(file)), JSON.stringify(sanitized(exported)))
    }
    const [expected, got] = [await tableOf([whole]), await tableOf([clean])]
    // Nothing decides which of two calls opened which session if both returned at the same moment; that they did is
    // certain.
    const shapeOf = ({ traces }: typeof expected) => {
      const sessionOf = new Map(traces.map((t) => [t.id, t.sessionId]))
      return traces
        .map(({ parentId, sessionId, kind, agent, status, own, total }) => ({
          key: `${sessionId} ${sessionOf.get(parentId ?? '')} ${kind} ${total.input} ${status}`,
          // Nobody says which agent a call without a child asked for.
          agent: sessionId === null || own.llmCalls === 0 ? null : agent,
          own,
        }))
        .sort((a, b) => (a.key < b.key ? -1 : 1))
    }
    expect(shapeOf(got)).toEqual(shapeOf(expected))
    expect(got.traces.map((t) => t.id)).toEqual(expected.traces.map((t) => t.id))
    expect(got.sessions.map((s) => s.forkedFromId)).toEqual(expected.sessions.map((s) => s.forkedFromId))
    expect(got.traces.filter((t) => t.linkInferred).length).toBe(
      expected.traces.filter((t) => t.kind === 'DELEGATION' && t.sessionId !== null).length,
    )
    // A different placeholder for every session would make as many projects.
    expect(got.sessions.filter((s) => s.directory !== null || (s.project ?? 'global') !== 'global')).toEqual([])
  })

  it('a session of 0.5 that was never answered is of no known project: the name of its directory is no path', async () => {
    const root = join(homeOf('0.5.29/twins'), 'project', 'home-dev-projects-demo', 'storage', 'session')
    const id = 'ses_never_answered'
    const time = { created: 1, updated: 1 }
    writeFileSync(join(root, 'info', `${id}.json`), JSON.stringify({ id, version: '0.5.29', title: 'Waits', time }))
    const projects = new Map(
      [...contentsOf(spec('OPENCODE_JSON', root))].map(([id, { session }]) => [id, session.project]),
    )
    expect(projects.get(id)).toBe(null)
    expect(new Set(projects.values())).toEqual(new Set([null, '/home/dev/projects/demo']))
  })

  it('a home that was migrated holds both and counts once', async () => {
    for (const name of ['1.18.34/migrated', '1.18.34/migrated-all', '1.1.65/migrated-legacy']) {
      const home = homeOf(name)
      const [newest, ...older] = storesOf(home)
      expect(older.length, name).toBeGreaterThan(0)
      if (newest === undefined) continue
      expect((await tableOf([home])).traces, name).toEqual((await tableOf([newest.ref.path])).traces)
    }
  })

  it('what was deleted after the migration does not come back', async () => {
    const home = homeOf('1.2.27/migrated-deleted')
    const ids = (await tableOf([home])).sessions.map((s) => s.id)
    const stale = [...contentsOf(spec('OPENCODE_JSON', join(home, 'storage'))).keys()]
    expect(stale.filter((id) => !ids.includes(id)).length).toBeGreaterThan(0)
  })

  it('without a migration, both stores are true', async () => {
    const home = homeOf('1.18.34/unmigrated')
    const sources = new Set((await tableOf([home])).sessions.map((s) => s.sourceId.split(':')[0]))
    expect(sources).toEqual(new Set(['OPENCODE_SQLITE', 'OPENCODE_JSON']))
  })
})
