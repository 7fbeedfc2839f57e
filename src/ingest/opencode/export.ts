/**
 * Reads what `opencode export` writes: one session as `{ info, messages: [{ info, parts }] }`, made of the same objects
 * as the files of 1.1. The child sessions that it names may be elsewhere, or nowhere.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { headOf } from '../../files.ts'
import type { ListedSession, Problem, SessionReading, Source } from '../source.ts'
import { MAX_VALUE_BYTES } from '../source.ts'
import {
  completeMessage,
  markLastAnswers,
  parseMessage,
  parseSession,
  placeSession,
  type ReadMessage,
} from './normalise.ts'
import { parsePart, type ReadPart } from './parts.ts'
import { largerThan, noted } from './values.ts'

/**
 * Made well-formed like the texts in `values.ts`: two ids that differ only in lone surrogates would be one in the
 * database.
 */
const Id = z
  .string()
  .min(1)
  .transform((id) => id.toWellFormed())
const WithId = z.object({ id: Id })
const ExportJson = z.object({
  info: z.looseObject({ id: Id }),
  messages: z.array(z.unknown()),
})
const MessageJson = z.object({ info: z.unknown().optional(), parts: z.array(z.unknown()).catch([]) })

/** In bytes. An export is parsed as a single value, so a larger one is refused as a whole. */
const MAX_EXPORT_BYTES = MAX_VALUE_BYTES * 8

type ExportFile = z.infer<typeof ExportJson>

/** @returns the content of a file that looks like an export; otherwise a text that says why it does not */
export function readExport(path: string): { file: ExportFile; bytes: number; digest: string } | string {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile()) return 'not a regular file'
  if (stat.size > MAX_EXPORT_BYTES) return largerThan(MAX_EXPORT_BYTES)
  const bytes = readFileSync(path)
  let json: unknown
  try {
    json = JSON.parse(decoded(bytes))
  } catch {
    return 'invalid or truncated JSON'
  }
  const parsed = ExportJson.safeParse(json)
  if (!parsed.success) return 'not in the format of `opencode export`'
  return { file: parsed.data, bytes: bytes.length, digest: createHash('sha1').update(bytes).digest('base64') }
}

/** Whether a file is meant to be an export, so that damage to it has to be reported. */
export function beginsLikeExport(path: string): boolean {
  try {
    return /^\s*\{\s*"info"\s*:/.test(decoded(headOf(path, 64)))
  } catch {
    return false
  }
}

/** PowerShell prefixes a command's output with a byte order mark and, up to 5.1, writes it as UTF-16. */
function decoded(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes)
}

export function openExport(path: string): Source {
  const problemAt = (where: string) => `${path}: ${where}`

  function read(session: ListedSession): SessionReading | null {
    const found = readExport(path)
    if (typeof found === 'string' || found.file.info.id !== session.id) return null
    const { file, bytes } = found
    const problems: Problem[] = []
    const readSession = noted(parseSession(file.info, session.id), problemAt('info'), problems)
    if (readSession === null) return null
    const messages: { message: ReadMessage; parts: ReadPart[] }[] = []
    file.messages.forEach((raw, i) => {
      const where = problemAt(`messages[${i}]`)
      const entry = MessageJson.safeParse(raw)
      const id = entry.success ? WithId.safeParse(entry.data.info).data?.id : undefined
      if (!entry.success || id === undefined) {
        problems.push({ path: where, reason: 'a message without an id' })
        return
      }
      const message = noted(parseMessage(entry.data.info, id, session.id, null), where, problems)
      if (message === null) return
      const parts = entry.data.parts.flatMap((part, k): ReadPart[] => {
        const partId = WithId.safeParse(part).data?.id
        if (partId === undefined) {
          problems.push({ path: `${where}.parts[${k}]`, reason: 'a part without an id' })
          return []
        }
        const read = noted(parsePart(part, partId), `${where}.parts[${k}]`, problems)
        return read === null ? [] : [read]
      })
      messages.push({ message, parts })
    })
    markLastAnswers(messages.map((m) => m.message))
    return {
      content: {
        session: placeSession(
          readSession,
          null,
          messages.map((m) => m.message),
        ),
        messages: messages.map((m) => completeMessage(m.message, m.parts)),
      },
      files: 1,
      bytes,
      problems,
      signature: found.digest,
    }
  }

  return {
    *list(known, problems) {
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
      if (stat === undefined) return true
      const mark = `${stat.mtimeNs}:${stat.size}`
      const before = [...known.values()].find((s) => s.mark === mark)
      if (before !== undefined) {
        yield [before]
        return true
      }
      const found = readExport(path)
      if (typeof found === 'string') throw new Error(found)
      const { id } = found.file.info
      const parsed = parseSession(found.file.info, id)
      // Other problems of a readable session are reported when it is read.
      if (parsed.value === null) noted(parsed, problemAt('info'), problems)
      else {
        const { parentId, createdMs, updatedMs } = parsed.value.session
        yield [{ id, parentId, createdMs, updatedMs, mark, place: path }]
      }
      return true
    },
    isAsRead(_session, signature) {
      const found = readExport(path)
      return typeof found !== 'string' && found.digest === signature
    },
    read,
    rest: () => false,
    close() {},
  }
}
