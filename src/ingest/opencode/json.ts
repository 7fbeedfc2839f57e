/**
 * Reads OpenCode's files: `storage/` of 1.0 and 1.1, and `project/<slug>/storage/` of 0.5. Opening a file costs more
 * than reading it, so files are read with synchronous calls into one shared buffer (measured at best: 236,000 files in
 * 2.3 s; with promises 16 s). Anything but a regular file is reported and skipped, and opening never blocks (on a FIFO
 * it would wait for a writer).
 */
import { accessSync, closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { codeOf } from '../../errors.ts'
import { isDirectory, READ, statOf } from '../../files.ts'
import { type ListedSession, MAX_VALUE_BYTES, type Problem, type SessionReading, type Source } from '../source.ts'
import { isAsSigned, look, type SessionFiles, signatureOf } from './file-signature.ts'
import { readHead, readPretty } from './glance.ts'
import {
  completeMessage,
  isNeeded,
  markLastAnswers,
  parseMessage,
  parseSession,
  placeSession,
  type ReadMessage,
  type ReadSession,
} from './normalise.ts'
import { completedTool, parsePart, type ReadPart } from './parts.ts'
import { settledOf } from './settled.ts'
import { noted, parseJson, TOO_LARGE } from './values.ts'

/** The directory layout of a store. */
interface Layout {
  /** Directories that hold session files; throws if the store itself cannot be read. */
  sessionDirectories(): string[]
  messages(sessionId: string): string
  parts(sessionId: string, messageId: string): string
  project(sessionFile: string): { id: string | null; worktree: string | null }
}

/** @param root a `storage` directory of 1.0 or later */
export function openStorage(root: string): Source {
  const worktrees = new Map<string, string | null>()
  return openLayout({
    sessionDirectories: () =>
      readdirSync(join(root, 'session')).flatMap((entry) => {
        const path = join(root, 'session', entry)
        return isDirectory(path) ? path : []
      }),
    messages: (sessionId) => `${root}/message/${sessionId}`,
    parts: (_sessionId, messageId) => `${root}/part/${messageId}`,
    project: (sessionFile) => {
      const id = basename(dirname(sessionFile))
      let worktree = worktrees.get(id)
      if (worktree === undefined) {
        worktree = readWorktree(join(root, 'project', `${id}.json`))
        worktrees.set(id, worktree)
      }
      return { id, worktree }
    },
  })
}

/** @param root `project/<slug>/storage/session` of 0.5 */
export function openLegacyStorage(root: string): Source {
  const isGlobal = basename(dirname(dirname(root))) === 'global'
  return openLayout({
    sessionDirectories: () => {
      accessSync(join(root, 'info'), constants.R_OK)
      return [join(root, 'info')]
    },
    messages: (sessionId) => `${root}/message/${sessionId}`,
    parts: (sessionId, messageId) => `${root}/part/${sessionId}/${messageId}`,
    // The directory's name does not give back the path that it was derived from.
    project: () => ({ id: isGlobal ? 'global' : null, worktree: null }),
  })
}

function openLayout(layout: Layout): Source {
  function* listSessions(
    known: ReadonlyMap<string, ListedSession>,
    problems: Problem[],
  ): Generator<ListedSession[], boolean> {
    for (const directory of layout.sessionDirectories()) {
      let portion: ListedSession[] = []
      for (const name of list(directory, problems)) {
        if (!name.endsWith('.json')) continue
        const listed = listOne(`${directory}/${name}`, name.slice(0, -5), known, problems)
        if (listed !== null) portion.push(listed)
        if (portion.length === 200) {
          yield portion
          portion = []
        }
      }
      yield portion
    }
    return true
  }

  function listOne(
    place: string,
    id: string,
    known: ReadonlyMap<string, ListedSession>,
    problems: Problem[],
  ): ListedSession | null {
    const stat = statOf(place)
    if (stat === undefined) {
      noteUnopened(place, 'ENOENT', problems)
      return null
    }
    // The time of the message directory changes when an entry is added or removed.
    const messages = statOf(layout.messages(id))
    const mark = `${stat?.mtimeNs ?? '-'}:${stat?.size ?? '-'}:${messages?.mtimeNs ?? '-'}`
    const before = known.get(id)
    if (before?.mark === mark) return before.place === place ? before : { ...before, place }
    const own: Problem[] = []
    const read = readSessionFile(place, own)
    if (read === null) {
      problems.push(...own)
      return null
    }
    // Other problems of a readable session are reported when it is read.
    const { parentId, createdMs, updatedMs } = read.session
    return { id, parentId, createdMs, updatedMs, mark, place }
  }

  function readSessionFile(place: string, problems: Problem[]): ReadSession | null {
    const bytes = slurp(place, problems)
    const id = basename(place, '.json')
    return bytes === null
      ? null
      : noted(
          parseJson(bytes, (json) => parseSession(json, id)),
          place,
          problems,
        )
  }

  const filesOf = ({ id, place }: ListedSession): SessionFiles => ({
    session: place,
    messages: layout.messages(id),
    parts: (messageId) => layout.parts(id, messageId),
  })

  function read(session: ListedSession): SessionReading | null {
    const problems: Problem[] = []
    const size = { files: 1, bytes: 0 }
    const readSession = readSessionFile(session.place, problems)
    if (readSession === null) return null
    const messages: ReadMessage[] = []
    const directory = layout.messages(session.id)
    for (const name of list(directory, problems)) {
      if (!name.endsWith('.json')) continue
      const path = `${directory}/${name}`
      const bytes = slurp(path, problems)
      if (bytes === null) continue
      size.files++
      size.bytes += bytes.length
      const id = name.slice(0, -5)
      const message = noted(
        parseJson(bytes, (json) => parseMessage(json, id, session.id, null)),
        path,
        problems,
      )
      if (message !== null) messages.push(message)
    }
    markLastAnswers(messages)
    const project = layout.project(session.place)
    const placed = placeSession(
      { ...readSession, projectId: readSession.projectId ?? project.id },
      project.worktree,
      messages,
    )
    return {
      content: {
        session: placed,
        messages: messages.map((m) => completeMessage(m, readParts(session.id, m, problems, size))),
      },
      files: size.files,
      bytes: size.bytes,
      problems,
      signature: null,
    }
  }

  function readParts(
    sessionId: string,
    message: ReadMessage,
    problems: Problem[],
    size: { files: number; bytes: number },
  ): ReadPart[] {
    const parts: ReadPart[] = []
    const directory = layout.parts(sessionId, message.id)
    for (const name of list(directory, problems)) {
      if (!name.endsWith('.json')) continue
      const part = readPart(`${directory}/${name}`, name.slice(0, -5), message, problems, size)
      if (part !== null) parts.push(part)
    }
    return parts
  }

  return {
    list: listSessions,
    isAsRead: (session, signature) => isAsSigned(filesOf(session), signature),
    /**
     * Files offer no snapshot, so the signature describes their state before the reading: a write during it shows up as
     * a change at the next check.
     */
    read(session, withSignature) {
      if (!withSignature) return read(session)
      const before = look(filesOf(session), () => true)
      const reading = read(session)
      if (reading === null) return null
      // After a problem no message counts as settled: what could not be read may have been half written.
      const settled = settledOf(reading.problems.length > 0 ? [] : reading.content.messages)
      const open = before.messages.flatMap(({ id }) => (settled.has(id) ? [] : id))
      return { ...reading, signature: signatureOf(before, new Set(open)) }
    },
    rest: () => false,
    close() {},
  }
}

// ---------------------------------------------------------------- one part

/** In bytes. Larger parts of completed tool calls are read from their ends instead of being parsed. */
const SMALL = 1024

function readPart(
  path: string,
  id: string,
  message: ReadMessage,
  problems: Problem[],
  size: { files: number; bytes: number },
): ReadPart | null {
  return withFile(path, problems, (file) => {
    size.files++
    const first = file.read(FIRST)
    const head = readHead(buffer.toString('latin1', 0, Math.min(first, 300)))
    if (head !== null && !isNeeded(head.type, message)) {
      size.bytes += first
      return null
    }
    const length = first < FIRST ? first : file.read(MAX_VALUE_BYTES + 1)
    size.bytes += length
    if (length > MAX_VALUE_BYTES) {
      problems.push({ path, reason: TOO_LARGE })
      return null
    }
    if (head !== null && length > SMALL && head.tool !== null && head.tool !== 'task' && head.status === 'completed') {
      const ending = readPretty(buffer, length)
      if (ending !== null) return noted(completedTool(id, head.tool, ending.title, ending.time), path, problems)
    }
    return noted(
      parseJson(buffer.subarray(0, length), (json) => parsePart(json, id)),
      path,
      problems,
    )
  })
}

// ---------------------------------------------------------------- files

/** Bytes that are read first: nine files in ten are smaller. */
const FIRST = 16 * 1024

let buffer = Buffer.allocUnsafeSlow(256 * 1024)

interface OpenFile {
  /** Fills the shared buffer with up to `max` bytes from the beginning of the file, and returns how many it holds. */
  read(max: number): number
}

function withFile<T>(path: string, problems: Problem[], use: (file: OpenFile) => T): T | null {
  let fd: number
  try {
    fd = openSync(path, READ)
  } catch (error) {
    noteUnopened(path, reasonOf(error), problems)
    return null
  }
  try {
    let held = 0
    let regular = false
    return use({
      read(max) {
        while (held < max) {
          if (held === buffer.length) {
            if (!regular && !fstatSync(fd).isFile()) throw new NotAFile()
            regular = true
            const larger = Buffer.allocUnsafeSlow(Math.min(MAX_VALUE_BYTES + 1, buffer.length * 4))
            buffer.copy(larger, 0, 0, held)
            buffer = larger
          }
          const wanted = Math.min(max, buffer.length) - held
          const got = readSync(fd, buffer, held, wanted, held)
          held += got
          // A short read means the end of the file.
          if (got < wanted) break
        }
        if (held === 0 && !fstatSync(fd).isFile()) throw new NotAFile()
        return held
      },
    })
  } catch (error) {
    problems.push({
      path,
      reason: error instanceof NotAFile ? 'not a regular file' : `cannot be read: ${reasonOf(error)}`,
    })
    return null
  } finally {
    closeSync(fd)
  }
}

class NotAFile extends Error {}

/**
 * A file that has vanished since it was listed is no problem. But a name whose bytes are not UTF-8 is garbled by the
 * listing, so it cannot be opened although the file exists: that is reported.
 */
function noteUnopened(path: string, code: string, problems: Problem[]): void {
  const isThere = code !== 'ENOENT' || path.includes('\ufffd')
  const why = code === 'ENOENT' ? 'its name is not UTF-8' : code
  if (isThere) problems.push({ path, reason: `cannot be opened: ${why}` })
}

/** Reads a whole file into the shared buffer, which must be used before the next file is read. */
function slurp(path: string, problems: Problem[]): Buffer | null {
  return withFile(path, problems, (file) => {
    const length = file.read(MAX_VALUE_BYTES + 1)
    if (length <= MAX_VALUE_BYTES) return buffer.subarray(0, length)
    problems.push({ path, reason: TOO_LARGE })
    return null
  })
}

/** A missing directory counts as empty. */
function list(directory: string, problems: Problem[]): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') problems.push({ path: directory, reason: `cannot be listed: ${reasonOf(error)}` })
    return []
  }
}

const Worktree = z.object({ worktree: z.string() })

function readWorktree(path: string): string | null {
  const bytes = slurp(path, [])
  if (bytes === null) return null
  return parseJson(bytes, (json) => ({ value: Worktree.safeParse(json).data?.worktree ?? null, problems: [] })).value
}

const reasonOf = (error: unknown): string => codeOf(error) ?? 'unknown error'
