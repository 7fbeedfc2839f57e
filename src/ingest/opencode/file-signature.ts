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
  /** `folder`: the directory of its parts alone; `whole`: its file and its parts, null where these were not looked at. */
  messages: { id: string; folder: string; whole: string | null }[]
}

/** @param isWanted whether a message is looked at as a whole */
export function look(files: SessionFiles, isWanted: (messageId: string) => boolean): Sight {
  const messages = namesIn(files.messages).map((name) => {
    const id = name.replace(/\.json$/, '')
    const folder = files.parts(id)
    const parts = () => namesIn(folder).map((part) => `${folder}/${part}`)
    const whole = isWanted(id) ? [`${files.messages}/${name}`, ...parts()].map(stateOf).join('\n') : null
    return { id, folder: stateOf(folder), whole }
  })
  return { session: stateOf(files.session), messages }
}

/** @param open the messages that may still change in place */
export function signatureOf(sight: Sight, open: ReadonlySet<string>): string {
  return JSON.stringify([[...open], ...[(id: string) => open.has(id), () => true].map((has) => sumOf(sight, has))])
}

/** @param isActive whether every message is looked at as a whole */
export function isAsSigned(files: SessionFiles, signature: string, isActive: boolean): boolean {
  const [openIds, ofOpen, ofAll] = JSON.parse(signature) as [string[], string, string]
  const open = new Set(openIds)
  const isWanted = (id: string) => isActive || open.has(id)
  return sumOf(look(files, isWanted), isWanted) === (isActive ? ofAll : ofOpen)
}

function sumOf({ session, messages }: Sight, isWanted: (messageId: string) => boolean): string {
  const hash = createHash('sha1').update(session)
  for (const { id, folder, whole } of messages) hash.update(`\n${isWanted(id) ? whole : folder}`)
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
