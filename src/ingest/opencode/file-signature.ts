/**
 * Tells whether the files of a session are those that were read, by their times and sizes. All of them are looked at
 * while the session is active. One that has been silent for long may be running for ever, since it was killed; it can
 * only go on where it was under way, or with messages that come or go, which its mark shows: so only the messages that
 * are not complete are looked at then. The others are as they were, as in a session that has ended.
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

/** What the system said of the session's own file and of its messages at one moment. */
export interface Sight {
  session: string
  messages: { id: string; state: string }[]
}

/** All of a session. */
export const look = (files: SessionFiles): Sight =>
  lookAt(
    files,
    namesIn(files.messages).map((name) => name.replace(/\.json$/, '')),
  )

const lookAt = (files: SessionFiles, messageIds: readonly string[]): Sight => ({
  session: stateOf(files.session),
  messages: messageIds.map((id) => ({ id, state: stateOfMessage(files, id) })),
})

function stateOfMessage(files: SessionFiles, id: string): string {
  const folder = files.parts(id)
  const parts = namesIn(folder).map((part) => stateOf(`${folder}/${part}`))
  return [stateOf(`${files.messages}/${id}.json`), ...parts].join('\n')
}

/** @param open the messages that may still change in place */
export function signatureOf(sight: Sight, open: ReadonlySet<string>): string {
  const underWay = sight.messages.filter(({ id }) => open.has(id))
  const ids = underWay.map(({ id }) => id)
  return JSON.stringify([ids, sumOf({ ...sight, messages: underWay }), sumOf(sight)])
}

/** @param isActive whether everything is looked at */
export function isAsSigned(files: SessionFiles, signature: string, isActive: boolean): boolean {
  const [openIds, ofOpen, ofAll] = JSON.parse(signature) as [string[], string, string]
  return isActive ? sumOf(look(files)) === ofAll : sumOf(lookAt(files, openIds)) === ofOpen
}

function sumOf({ session, messages }: Sight): string {
  const hash = createHash('sha1').update(session)
  for (const { state } of messages) hash.update(`\n${state}`)
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
