import type { SessionRow } from '../store/store.ts'

/** What a person types in a POSIX shell to continue a session where it ran. */
export function resumeCommand(session: Pick<SessionRow, 'id' | 'directory'>): string {
  const command = `opencode --session ${quote(session.id)}`
  return session.directory === null ? command : `cd ${quote(session.directory)} && ${command}`
}

/** One word for a POSIX shell, whatever it holds. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) && !word.startsWith('-') ? word : `'${word.replaceAll("'", "'\\''")}'`
}
