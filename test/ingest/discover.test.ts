/** Tests where OpenCode's data is found, and which stores a given path refers to. */
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dataDirectories, findSources, resolveSources } from '../../src/ingest/opencode/discover.ts'
import { createDatabase, exportOf, homeOf, scratch, sessionFilesOf } from './homes.ts'

const around = (home: string, env: Record<string, string> = {}, platform: NodeJS.Platform = 'linux') => ({
  home,
  env,
  platform,
})
const paths = (specs: readonly { ref: { path: string } }[]) => specs.map((s) => s.ref.path)

describe('OpenCode’s data', () => {
  it('is below XDG_DATA_HOME or ~/.local/share, on every platform, and where builds of the platform put it', () => {
    expect(dataDirectories(around('/h'))).toEqual(['/h/.local/share/opencode'])
    expect(dataDirectories(around('/h', { XDG_DATA_HOME: '/x' }))).toEqual(['/x/opencode', '/h/.local/share/opencode'])
    expect(dataDirectories(around('/h', { XDG_DATA_HOME: 'not/absolute' }))).toEqual(['/h/.local/share/opencode'])
    expect(dataDirectories(around('/h', {}, 'darwin'))).toEqual([
      '/h/.local/share/opencode',
      '/h/Library/Application Support/opencode',
    ])
    expect(dataDirectories(around('/h', { LOCALAPPDATA: '/l', APPDATA: '/r' }, 'win32'))).toEqual([
      '/h/.local/share/opencode',
      '/l/opencode',
      '/r/opencode',
    ])
  })

  it('is every database of every channel, and the older layouts', () => {
    const home = scratch()
    const data = join(home, '.local', 'share', 'opencode')
    for (const name of ['opencode.db', 'opencode-dev.db', 'other.db']) createDatabase(join(data, name)).close()
    mkdirSync(join(data, 'storage', 'session'), { recursive: true })
    mkdirSync(join(data, 'project', 'a-b', 'storage', 'session', 'info'), { recursive: true })
    expect(paths(findSources(around(home)))).toEqual(
      ['opencode-dev.db', 'opencode.db', 'storage', 'project/a-b/storage/session'].map((name) => join(data, name)),
    )
  })

  it('is also the database that OPENCODE_DB names', () => {
    const home = scratch()
    const data = join(home, '.local', 'share', 'opencode')
    const elsewhere = join(scratch(), 'mine.db')
    createDatabase(elsewhere).close()
    createDatabase(join(data, 'work.db')).close()
    expect(paths(findSources(around(home, { OPENCODE_DB: elsewhere })))).toEqual([elsewhere])
    expect(paths(findSources(around(home, { OPENCODE_DB: 'work.db' })))).toEqual([join(data, 'work.db')])
    expect(findSources(around(home, { OPENCODE_DB: ':memory:' }))).toEqual([])
  })

  it('is not what OpenCode leaves in storage once it has a database', () => {
    const home = scratch()
    mkdirSync(join(home, '.local', 'share', 'opencode', 'storage', 'session_diff'), { recursive: true })
    expect(findSources(around(home))).toEqual([])
  })

  it('is not taken for missing where it may not be looked at', () => {
    const home = scratch()
    const share = join(home, '.local', 'share')
    mkdirSync(share, { recursive: true })
    // A link to itself, because root, who runs tests in containers, has every permission.
    symlinkSync('opencode', join(share, 'opencode'))
    expect(() => findSources(around(home))).toThrow(`${join(share, 'opencode')}: it cannot be read (ELOOP)`)
    const elsewhere = join(scratch(), 'mine.db')
    createDatabase(elsewhere).close()
    expect(paths(findSources(around(home, { OPENCODE_DB: elsewhere })))).toEqual([elsewhere])
  })

  it('is found once, by whatever way', () => {
    const home = homeOf('1.18.34/simple')
    const link = join(scratch(), 'link')
    symlinkSync(home, link)
    expect(resolveSources([home, join(home, 'opencode.db'), link]).length).toBe(1)
  })
})

describe('a given path', () => {
  it('may be a data directory, what holds it, a storage directory, a database or an export', () => {
    const files = homeOf('1.1.65/simple')
    const database = homeOf('1.18.34/simple')
    const legacy = homeOf('0.5.29/twins')
    const exported = join(scratch(), 'session.json')
    const storage = join(files, 'storage')
    const [sessionFile = ''] = sessionFilesOf(storage)
    writeFileSync(exported, JSON.stringify(exportOf(storage, sessionFile)))
    const store = join(legacy, 'project', 'home-dev-projects-demo', 'storage', 'session')
    const meant: [string, string][] = [
      [files, storage],
      [join(files, '..'), storage],
      [storage, storage],
      [database, join(database, 'opencode.db')],
      [join(database, 'opencode.db'), join(database, 'opencode.db')],
      [legacy, store],
      [join(legacy, 'project'), store],
      [join(legacy, 'project', 'home-dev-projects-demo'), store],
      [join(legacy, 'project', 'home-dev-projects-demo', 'storage'), store],
      [exported, exported],
      [join(exported, '..'), exported],
    ]
    for (const [given, path] of meant) expect(paths(resolveSources([given])), given).toEqual([path])
  })

  it('that means nothing is refused with what is accepted', () => {
    const directory = scratch()
    const text = join(directory, 'notes.txt')
    writeFileSync(text, 'hello')
    for (const path of [join(directory, 'absent'), directory, text]) {
      expect(() => resolveSources([path]), path).toThrowError(
        expect.objectContaining({ code: 'SOURCE_UNREADABLE', message: expect.stringMatching(/opencode export/) }),
      )
      expect(() => resolveSources([path])).toThrow(path)
    }
  })

  it('is refused with the limit of exports where one is larger, without being read', () => {
    const huge = join(scratch(), 'session.json')
    writeFileSync(huge, '{"info":')
    // Only its size is set: it takes no room on the disk.
    truncateSync(huge, 384 * 1024 * 1024 + 1)
    expect(() => resolveSources([huge])).toThrow(/larger than 384 MB/)
  })

  it('may hold exports beside what cannot be read', () => {
    const storage = join(homeOf('1.1.65/simple'), 'storage')
    const directory = scratch()
    const exported = join(directory, 'session.json')
    const loop = join(directory, 'loop.json')
    writeFileSync(exported, JSON.stringify(exportOf(storage, sessionFilesOf(storage)[0] ?? '')))
    symlinkSync(loop, loop)
    expect(paths(resolveSources([directory]))).toEqual([exported])
  })
})
