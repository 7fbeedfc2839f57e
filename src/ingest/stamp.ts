/**
 * What is remembered of every session that was read: enough to know at the next start, without opening anything,
 * whether it has to be read again. Kept in memory for all sessions (some hundred bytes each), and as one string in the
 * store, which does not look into it.
 */
import { z } from 'zod'
import type { SessionStamp } from '../store/store.ts'
import type { ListedSession, Problem } from './source.ts'

/** What reading a session tells of it. */
export interface SessionFacts {
  /** For `Source.isAsRead`; null where it is not known, so that the session is read again if it is unsettled. */
  signature: string | null
  /** When its first message was created: a fork of it begins with a message of the same time. */
  firstMs: number | null
  /** When its first message was created, where that is before the session: it is a fork, and this is a copy. */
  copiedFromMs: number | null
  lastActivityMs: number
  running: boolean
  /** It is there and makes no sense: nothing is shown of it but why. */
  senseless: boolean
  files: number
  bytes: number
  problems: Problem[]
  problemCount: number
}

export interface Known extends SessionFacts {
  sourceId: string
  listed: ListedSession
  /** Looked at again even if its mark is the same. */
  unsettled: boolean
  /** When it was read. */
  seenAtMs: number
  /** Counts the readings of this process, to tell what a digest belongs to; not stored. */
  version: number
}

/** So many problems of one session are kept; all are counted. */
export const MAX_PROBLEMS = 50

/** Goes up when reading itself changes, so that everything is read again. */
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

/** Null for a stamp of another format: then the session is read again. */
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
