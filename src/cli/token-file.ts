/** Reads the token from a file that only its owner may access. No message ever contains the token. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { TOKEN_CHARACTERS, TOKEN_LENGTH } from '../config.ts'
import { codeOf, DelegraphError } from '../errors.ts'
import { READ } from '../files.ts'

const MAX_BYTES = 4096

export function readTokenFile(path: string): string {
  const refuse = (what: string): DelegraphError => new DelegraphError('BAD_USER_INPUT', `--token-file ${path}: ${what}`)
  let file: number
  try {
    file = openSync(path, READ)
  } catch (error) {
    const code = codeOf(error) ?? error
    if (code === 'ENOENT') throw refuse('there is no such file. Create one: (umask 077; openssl rand -hex 32 > FILE)')
    throw refuse(`it cannot be read (${code})`)
  }
  try {
    const stat = fstatSync(file)
    const { mode, size } = stat
    if (!stat.isFile()) throw refuse('it is not a regular file')
    // On Windows, the mode says nothing about access.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw refuse(`other users have access to it (mode ${(mode & 0o777).toString(8)}). Run: chmod 600 ${path}`)
    }
    if (size > MAX_BYTES) throw refuse(`a token can have at most ${MAX_BYTES} characters`)
    const token = readFileSync(file, 'utf8').trim()
    if (token === '') throw refuse('it is empty')
    if (token.length < TOKEN_LENGTH) throw refuse(`a token must have at least ${TOKEN_LENGTH} characters`)
    if (!TOKEN_CHARACTERS.test(token)) throw refuse('a token must be one line of plain ASCII characters')
    return token
  } finally {
    closeSync(file)
  }
}
