/**
 * Opens a terminal that resumes a session. No shell is involved: the terminal is started in the session's directory
 * with a list of arguments. The command is always returned as well, for the user to type.
 */
import { spawn } from 'node:child_process'
import { access, constants, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { messageOf } from './errors.ts'
import type { OpenSessionResult, TerminalService } from './resolvers/context.ts'
import { resumeCommand } from './resolvers/resume-command.ts'

/** What this file needs of the operating system, so that a test can replace it. */
export interface Desktop {
  platform: NodeJS.Platform
  env: Readonly<Record<string, string | undefined>>
  isDirectory: (path: string) => Promise<boolean>
  isExecutable: (path: string) => Promise<boolean>
  /** Starts a program that outlives this process; rejects if it cannot be started. */
  start: (program: string, args: readonly string[], cwd: string) => Promise<void>
}

interface Start {
  program: string
  args: string[]
}

/** The form of OpenCode's session ids, which no program could take for an option or a command. */
const SESSION_ID = /^ses_[A-Za-z0-9]+$/
/** Control characters: typed into a terminal, they would act as keys. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

export function createTerminal(desktop: Desktop): TerminalService {
  return {
    async openSession(session) {
      const command = resumeCommand(session)
      const notOpened = (message: string): OpenSessionResult => ({ opened: false, command, message })
      const { id, directory } = session
      if (!SESSION_ID.test(id)) return notOpened('The id of this session is not one that OpenCode would assign.')
      if (directory === null) return notOpened('OpenCode did not store the directory of this session.')
      if (CONTROL.test(directory)) return notOpened("The name of the session's directory contains control characters.")
      if (!(await desktop.isDirectory(directory))) return notOpened(`The directory ${directory} does not exist here.`)
      const start = await chooseTerminal(desktop, id, directory, command)
      if (typeof start === 'string') return notOpened(start)
      try {
        await desktop.start(start.program, start.args, directory)
        return { opened: true, command, message: null }
      } catch (error) {
        return notOpened(`${start.program} could not be started: ${messageOf(error)}.`)
      }
    },
  }
}

/** Never opens a terminal: for a server that others can reach, where it would open on a screen that is not theirs. */
export function commandAlone(message: string): TerminalService {
  return { openSession: async (session) => ({ opened: false, command: resumeCommand(session), message }) }
}

/** How to open a terminal here, or a sentence that says why that is not possible. */
async function chooseTerminal(
  desktop: Desktop,
  id: string,
  directory: string,
  command: string,
): Promise<Start | string> {
  if (desktop.platform === 'darwin') return appleTerminal(desktop.env.TERM_PROGRAM, command)
  // No directory in the arguments, since `wt` treats ";" as a separator of commands: "." is where it is started.
  if (desktop.platform === 'win32') {
    return { program: 'wt.exe', args: ['-d', '.', 'cmd', '/k', 'opencode', '--session', id] }
  }
  if (!desktop.env.DISPLAY && !desktop.env.WAYLAND_DISPLAY) {
    return 'There is no display here to open a terminal on (neither DISPLAY nor WAYLAND_DISPLAY is set).'
  }
  return unixTerminal(desktop, id, directory)
}

/** The command is passed as an argument to the script, so that no part of it is run as AppleScript. */
function appleTerminal(program: string | undefined, command: string): Start {
  const lines =
    program === 'iTerm.app'
      ? [
          'on run argv',
          'tell application "iTerm"',
          'activate',
          'set opened to (create window with default profile)',
          'tell current session of opened to write text (item 1 of argv)',
          'end tell',
          'end run',
        ]
      : ['on run argv', 'tell application "Terminal"', 'activate', 'do script (item 1 of argv)', 'end tell', 'end run']
  return { program: 'osascript', args: [...lines.flatMap((line) => ['-e', line]), command] }
}

/** How each terminal is told what to run and, if another process opens its windows, in which directory. */
const UNIX_TERMINALS: Record<string, (run: string[], directory: string) => string[]> = {
  'x-terminal-emulator': (run) => ['-e', ...run],
  'gnome-terminal': (run, directory) => [`--working-directory=${directory}`, '--', ...run],
  konsole: (run, directory) => ['--workdir', directory, '-e', ...run],
  alacritty: (run) => ['-e', ...run],
  kitty: (run) => run,
  wezterm: (run, directory) => ['start', '--cwd', directory, '--', ...run],
  'xfce4-terminal': (run, directory) => [`--working-directory=${directory}`, '-x', ...run],
  xterm: (run) => ['-e', ...run],
}

async function unixTerminal(desktop: Desktop, id: string, directory: string): Promise<Start | string> {
  const run = ['opencode', '--session', id]
  const wanted = desktop.env.TERMINAL
  const names = [...(wanted ? [wanted] : []), ...Object.keys(UNIX_TERMINALS)]
  for (const name of names) {
    const program = await findProgram(desktop, name)
    if (program === null) continue
    const argsOf = UNIX_TERMINALS[name.slice(name.lastIndexOf('/') + 1)] ?? ((words: string[]) => ['-e', ...words])
    return { program, args: argsOf(run, directory) }
  }
  return `No terminal was found: set TERMINAL to the name of yours. These are supported: ${Object.keys(UNIX_TERMINALS).join(', ')}.`
}

async function findProgram(desktop: Desktop, name: string): Promise<string | null> {
  if (name.includes('/')) return (await desktop.isExecutable(name)) ? name : null
  for (const directory of (desktop.env.PATH ?? '').split(delimiter)) {
    if (directory === '') continue
    const path = join(directory, name)
    if (await desktop.isExecutable(path)) return path
  }
  return null
}

/** The machine that this process runs on. */
export function realDesktop(env: Desktop['env']): Desktop {
  return {
    platform: process.platform,
    env,
    isDirectory: (path) =>
      stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      ),
    isExecutable: (path) =>
      Promise.all([access(path, constants.X_OK), stat(path)]).then(
        ([, found]) => found.isFile(),
        () => false,
      ),
    start: (program, args, cwd) =>
      new Promise((resolve, reject) => {
        const child = spawn(program, args, { cwd, detached: true, stdio: 'ignore', shell: false })
        child.once('error', reject)
        child.once('spawn', () => {
          child.unref()
          resolve()
        })
      }),
  }
}
