/** Opens a store of OpenCode's, of whatever kind it is. */
import type { Source, SourceSpec } from '../source.ts'
import { isLegacy } from './discover.ts'
import { openExport } from './export.ts'
import { openLegacyStorage, openStorage } from './json.ts'
import { openSqlite } from './sqlite.ts'
import { fileNumber, sqliteFingerprint, sqliteIdentity } from './sqlite-file.ts'
import { type MessageCounts, noMessageCounts } from './sqlite-listing.ts'

/** @param file what to open in the store's place: a private copy of it */
export type OpenSource = (spec: SourceSpec, file?: string) => Source

/** What one opening of a store has counted is not counted again by the next. */
export function createOpener(): OpenSource {
  const counts = new Map<string, MessageCounts>()
  return ({ ref }, file) => {
    switch (ref.kind) {
      case 'OPENCODE_SQLITE': {
        const counted = counts.get(ref.id) ?? noMessageCounts()
        counts.set(ref.id, counted)
        return openSqlite(ref.path, file, counted)
      }
      case 'OPENCODE_EXPORT':
        return openExport(ref.path)
      case 'OPENCODE_JSON':
        return isLegacy(ref.path) ? openLegacyStorage(ref.path) : openStorage(ref.path)
    }
  }
}

/** Equal where nothing at all has changed; null where only listing can tell. */
export function fingerprint({ ref }: SourceSpec): string | null {
  return ref.kind === 'OPENCODE_SQLITE' ? sqliteFingerprint(ref.path) : null
}

/** Which file it is; another one where it was replaced. */
export function fileOf({ ref }: SourceSpec): string {
  return ref.kind === 'OPENCODE_SQLITE' ? fileNumber(ref.path) : ''
}

/** Another one when what is held open since an earlier run must be let go. */
export function identity({ ref }: SourceSpec): string {
  return ref.kind === 'OPENCODE_SQLITE' ? sqliteIdentity(ref.path) : ''
}
