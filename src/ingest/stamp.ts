/**
 * What is remembered of every session that was read: enough to tell at the next start, without opening anything,
 * whether it has to be read again. Kept in memory for all sessions (a few hundred bytes each) and in the store as one
 * opaque string.
 */
import { z } from 'zod'
import type { SessionStamp } from '../store/store.ts'
import type { ListedSession, Problem } from './source.ts'

/** What is learnt about a session by reading it. Times are UTC milliseconds. */
export interface SessionFacts {
  /** For `Source.isAsRead`; null if there is none: an unsettled session is then read again. */
  signature: string | null
  /** Creation time of the first message: a fork of this session begins with a message of the same time. */
  firstMs: number | null
  /**
   * Creation time of the first message if it precedes the session's own: the session is a fork, and the message a copy.
   */
  copiedFromMs: number | null
  lastActivityMs: number
  running: boolean
  /** The session exists but makes no sense: nothing of it is shown except why. */
  senseless: boolean
  files: number
  bytes: number
  problems: Problem[]
  problemCount: number
}

export interface Known extends SessionFacts {
  sourceId: string
  listed: ListedSession
  /** To be checked at the next run even if its mark is unchanged. */
  unsettled: boolean
  /** When it was read. */
  seenAtMs: number
  /** Identifies the reading within this process, to tell which one a digest comes from; not stored. */
  version: number
}

/** At most this many problems of one session are kept; all are counted. */
export const MAX_PROBLEMS = 50

/** Increased when reading itself changes, so that every session is read again. */
const FORMAT = 14

const Stored = z.tuple([
  z.literal(FORMAT),
  z.string(), // mark
  z.string(), // place
  z.number(), // createdMs
  z.number(), // updatedMs
  z.string().nullable(), // signature
  z.number().nullable(), // firstMs
  z.number().nullable(), // copiedFromMs
  z.number(), // lastActivityMs
  z.boolean(), // running
  z.boolean(), // senseless
  z.number(), // files
  z.number(), // bytes
  z.array(z.tuple([z.string(), z.string()])), // problems
  z.number(), // problemCount
  z.number(), // seenAtMs
])

export function toStamp(known: Known): SessionStamp {
  const { listed, problems, unsettled, sourceId } = known
  const stored: z.infer<typeof Stored> = [
    FORMAT,
    listed.mark,
    listed.place,
    listed.createdMs,
    listed.updatedMs,
    known.signature,
    known.firstMs,
    known.copiedFromMs,
    known.lastActivityMs,
    known.running,
    known.senseless,
    known.files,
    known.bytes,
    problems.map(({ path, reason }) => [path, reason]),
    known.problemCount,
    known.seenAtMs,
  ]
  return { sessionId: listed.id, sourceId, parentId: listed.parentId, stamp: JSON.stringify(stored), unsettled }
}

/** @returns null for a stamp of another format; the session is then read again */
export function fromStamp({ sessionId, sourceId, parentId, stamp, unsettled }: SessionStamp): Known | null {
  let json: unknown
  try {
    json = JSON.parse(stamp)
  } catch {
    return null
  }
  const parsed = Stored.safeParse(json)
  if (!parsed.success) return null
  const [, mark, place, createdMs, updatedMs, signature, firstMs, copiedFromMs, lastActivityMs, running, ...rest] =
    parsed.data
  const [senseless, files, bytes, problems, problemCount, seenAtMs] = rest
  return {
    sourceId,
    listed: { id: sessionId, parentId, createdMs, updatedMs, mark, place },
    signature,
    firstMs,
    copiedFromMs,
    lastActivityMs,
    running,
    senseless,
    unsettled,
    files,
    bytes,
    problems: problems.map(([path, reason]) => ({ path, reason })),
    problemCount,
    seenAtMs,
    version: 0,
  }
}
