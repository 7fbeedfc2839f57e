import { environment } from '../config.ts'
import { messageOf } from '../errors.ts'
import { realDesktop } from '../terminal.ts'
import { printable } from './printable.ts'

/** Opens a URL of the server in the user's browser. On failure it only says so: the URL is already on the terminal. */
export async function openInBrowser(url: string, desktop = realDesktop(environment)): Promise<void> {
  const [program, ...args] =
    desktop.platform === 'darwin'
      ? ['open', url]
      : desktop.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url]
  try {
    await desktop.start(program ?? '', args, process.cwd())
  } catch (error) {
    process.stderr.write(`Could not open the browser: ${printable(messageOf(error))}\n`)
  }
}
