/**
 * Tells whether the files of a session are those that were read, by their times and sizes. All of them are looked at
 * while the session is active. One that has been silent for long may be running for ever, since it was killed; it can
 * only go on where it was under way: of messages that are complete, only the directory of their parts is looked at then.
 */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { namesIn } from '../../directory.ts'

/** Where the files of one session are. */
export interface SessionFiles {
  session: string
  messages: string
  parts(messageId: string): string
}

/** What the system said of them at one moment. */
export interface Sight {
  session: string
  messages: { id: string; file: string; folder: string; parts: string | null }[]
}

/** @param wanted whether the parts of a message are looked at, each for itself */
export function look(files: SessionFiles, wanted: (messageId: string) => boolean): Sight {
  const messages = namesIn(files.messages).map((name) => {
    const id = name.replace(/\.json$/, '')
    const folder = files.parts(id)
    const parts = wanted(id) ? namesIn(folder).map((part) => stateOf(`${folder}/${part}`)) : null
    return {
      id,
      file: stateOf(`${files.messages}/${name}`),
      folder: stateOf(folder),
      parts: parts?.join('\n') ?? null,
    }
  })
  return { session: stateOf(files.session), messages }
}

/** @param open the messages that may still change in place */
export function signatureOf(sight: Sight, open: ReadonlySet<string>): string {
  return JSON.stringify([[...open], ...[(id: string) => open.has(id), () => true].map((has) => sumOf(sight, has))])
}

/** @param isActive whether every part is looked at */
export function isAsSigned(files: SessionFiles, signature: string, isActive: boolean): boolean {
  const [openIds, ofOpen, ofAll] = JSON.parse(signature) as [string[], string, string]
  const open = new Set(openIds)
  const isWanted = (id: string) => isActive || open.has(id)
  return sumOf(look(files, isWanted), isWanted) === (isActive ? ofAll : ofOpen)
}

function sumOf({ session, messages }: Sight, isWanted: (messageId: string) => boolean): string {
  const hash = createHash('sha1').update(session)
  for (const { id, file, folder, parts } of messages) hash.update(`\n${file}\n${isWanted(id) ? parts : folder}`)
  return hash.digest('base64')
}

function stateOf(path: string): string {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    return `${path}\0${stat?.mtimeNs}\0${stat?.size}`
  } catch {
    return path
  }
}
