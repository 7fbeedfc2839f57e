/**
 * Tells from times and sizes whether the files of a session are still those that were read. Only what was under way can
 * change in place, so for a settled message only the directory of its parts is checked. Most messages are settled, both
 * in a long session at work and in one that was killed and seems to run forever.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { namesIn, statOf } from '../../files.ts'

/** Paths of the files of one session. */
export interface SessionFiles {
  session: string
  messages: string
  parts(messageId: string): string
}

/** The state of a session's files at one moment. */
export interface Sight {
  session: string
  /**
   * `folder`: the directory of the message's parts. `whole`: its file and all its parts; null if these were not looked
   * at.
   */
  messages: { id: string; folder: string; whole: string | null }[]
}

/** @param isWanted whether to look at a message's file and parts, too */
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

const Signature = z.tuple([z.array(z.string()), z.string()])

/** @param open ids of the messages that may still change in place */
export function signatureOf(sight: Sight, open: ReadonlySet<string>): string {
  return JSON.stringify([[...open], sumOf(sight, (id) => open.has(id))])
}

export function isAsSigned(files: SessionFiles, signature: string): boolean {
  const signed = Signature.safeParse(JSON.parse(signature)).data
  if (signed === undefined) return false
  const [openIds, sum] = signed
  const open = new Set(openIds)
  const isOpen = (id: string) => open.has(id)
  return sumOf(look(files, isOpen), isOpen) === sum
}

function sumOf({ session, messages }: Sight, isWanted: (messageId: string) => boolean): string {
  const hash = createHash('sha1').update(session)
  for (const { id, folder, whole } of messages) hash.update(`\n${isWanted(id) ? whole : folder}`)
  return hash.digest('base64')
}

function stateOf(path: string): string {
  const stat = statOf(path)
  return `${path}\0${stat?.mtimeNs}\0${stat?.size}`
}
