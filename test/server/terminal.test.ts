import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quote, resumeCommand } from '../../src/resolvers/resume-command.ts'
import { commandAlone, createTerminal, type Desktop, realDesktop } from '../../src/terminal.ts'
import { cases } from '../cases.ts'

const session = { id: 'ses_abc123', directory: '/home/dev/my project' }
const command = "cd '/home/dev/my project' && opencode --session ses_abc123"

/** A desktop that records what is started. */
function desktop(changes: Partial<Desktop> & { programs?: string[] } = {}) {
  const started: { program: string; args: readonly string[]; cwd: string }[] = []
  const terminal = createTerminal({
    platform: 'linux',
    env: { DISPLAY: ':0', PATH: '/usr/local/bin:/usr/bin' },
    isDirectory: async () => true,
    isExecutable: async (path) => (changes.programs ?? ['/usr/bin/xterm']).includes(path),
    start: async (program, args, cwd) => void started.push({ program, args, cwd }),
    ...changes,
  })
  return { terminal, started }
}

describe('openSession', () => {
  it('starts a terminal in the directory of the session, without a shell', async () => {
    const { terminal, started } = desktop()
    expect(await terminal.openSession(session)).toEqual({ opened: true, command, message: null })
    expect(started).toEqual([
      { program: '/usr/bin/xterm', args: ['-e', 'opencode', '--session', 'ses_abc123'], cwd: session.directory },
    ])
  })

  it('starts nothing for those who may be elsewhere, and gives the command', async () => {
    expect(await commandAlone('Not here.').openSession(session)).toEqual({
      opened: false,
      command,
      message: 'Not here.',
    })
  })

  it('takes the terminal that TERMINAL names, then the one of the system, then what is there', async () => {
    const programs = [
      '/usr/bin/xterm',
      '/usr/bin/gnome-terminal',
      '/usr/local/bin/foot',
      '/usr/bin/x-terminal-emulator',
    ]
    const env = { WAYLAND_DISPLAY: 'wayland-0', PATH: '/usr/local/bin:/usr/bin' }
    const starts = async (name: string | undefined, available: string[]) => {
      const { terminal, started } = desktop({ programs: available, env: { ...env, TERMINAL: name } })
      await terminal.openSession(session)
      return [started[0]?.program, ...(started[0]?.args ?? [])].join(' ')
    }
    expect(await starts('foot', programs)).toBe('/usr/local/bin/foot -e opencode --session ses_abc123')
    expect(await starts('missing', programs)).toBe('/usr/bin/x-terminal-emulator -e opencode --session ses_abc123')
    expect(await starts(undefined, programs.slice(0, 2))).toBe(
      '/usr/bin/gnome-terminal --working-directory=/home/dev/my project -- opencode --session ses_abc123',
    )
  })

  it('gives the command to AppleScript as an argument', async () => {
    for (const [env, application] of [
      [{}, 'Terminal'],
      [{ TERM_PROGRAM: 'iTerm.app' }, 'iTerm'],
    ] as const) {
      const { terminal, started } = desktop({ platform: 'darwin', env })
      expect((await terminal.openSession(session)).opened).toBe(true)
      expect(started[0]?.program).toBe('osascript')
      expect(started[0]?.args).toContain(`tell application "${application}"`)
      expect(started[0]?.args.at(-1)).toBe(command)
      expect(started[0]?.args.filter((arg) => arg.includes('ses_abc123'))).toHaveLength(1)
    }
  })

  it('keeps the directory out of the arguments on Windows', async () => {
    const { terminal, started } = desktop({ platform: 'win32' })
    await terminal.openSession({ id: 'ses_abc123', directory: 'C:\\a;calc.exe' })
    expect(started).toEqual([
      {
        program: 'wt.exe',
        args: ['-d', '.', 'cmd', '/k', 'opencode', '--session', 'ses_abc123'],
        cwd: 'C:\\a;calc.exe',
      },
    ])
  })

  it('says why it opened nothing, and gives the command', async () => {
    const cases: [Parameters<typeof desktop>[0], Partial<typeof session> | { directory: null }, RegExp][] = [
      [{ env: { PATH: '/usr/bin' } }, {}, /no display/],
      [{ programs: [] }, {}, /No terminal was found/],
      [{ isDirectory: async () => false }, {}, /does not exist/],
      [{ start: () => Promise.reject(new Error('ENOENT')) }, {}, /could not be started: ENOENT/],
      [{}, { directory: null }, /did not store/],
      [{}, { directory: '/tmp/\u0003rm -rf ~\n' }, /control characters/],
      [{}, { id: 'ses_1; rm -rf ~' }, /not one that OpenCode would assign/],
      [{}, { id: '--help' }, /not one that OpenCode would assign/],
    ]
    for (const [changes, part, message] of cases) {
      const { terminal, started } = desktop(changes)
      const result = await terminal.openSession({ ...session, ...part })
      expect(result.opened).toBe(false)
      expect(result.message).toMatch(message)
      expect(result.command).toContain('opencode --session')
      expect(started).toEqual([])
    }
  })

  it('reports a program that is not there', async () => {
    const terminal = createTerminal({
      ...realDesktop({ DISPLAY: ':0', TERMINAL: '/nowhere/at/all', PATH: '/nowhere' }),
      platform: 'linux',
      isExecutable: async () => true,
    })
    const result = await terminal.openSession({ id: 'ses_abc123', directory: '/tmp' })
    expect(result).toMatchObject({ opened: false, message: expect.stringMatching(/nowhere.*ENOENT/) })
  })
})

describe('the command to resume a session', () => {
  it('is one that a POSIX shell reads as it was meant, whatever the directory is called', () => {
    const words = fc.string({ unit: 'binary', maxLength: 40 }).filter((word) => !word.includes('\0'))
    fc.assert(
      fc.property(fc.array(words, { minLength: 1, maxLength: 20 }), (all) => {
        const output = execFileSync('sh', ['-c', `printf '%s\\0' ${all.map(quote).join(' ')}`], { encoding: 'utf8' })
        expect(output.split('\0').slice(0, -1)).toEqual(all)
      }),
      { numRuns: cases(40) },
    )
  })

  it('leaves the directory out where it is not known', () => {
    expect(resumeCommand({ id: 'ses_1', directory: null })).toBe('opencode --session ses_1')
    expect(resumeCommand({ id: 'ses_1', directory: '/a/b-c' })).toBe('cd /a/b-c && opencode --session ses_1')
  })
})
