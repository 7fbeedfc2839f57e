import type { SessionRow } from '../store/store.ts'

/** The POSIX shell command that continues a session in the directory where it ran. */
export function resumeCommand(session: Pick<SessionRow, 'id' | 'directory'>): string {
  const command = `opencode --session ${quote(session.id)}`
  return session.directory === null ? command : `cd ${quote(session.directory)} && ${command}`
}

/** Quotes a text as one word of a POSIX shell. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) && !word.startsWith('-') ? word : `'${word.replaceAll("'", "'\\''")}'`
}
