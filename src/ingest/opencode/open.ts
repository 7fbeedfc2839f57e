/** Opens an OpenCode store of any kind. */
import type { Source, SourceSpec } from '../source.ts'
import { isLegacy } from './discover.ts'
import { openExport } from './export.ts'
import { openLegacyStorage, openStorage } from './json.ts'
import { openSqlite } from './sqlite.ts'
import { fileNumber, sqliteFingerprint, sqliteIdentity } from './sqlite-file.ts'
import { type MessageCounts, noMessageCounts } from './sqlite-listing.ts'

/** @param file opened instead of the store itself: a private copy of it */
export type OpenSource = (spec: SourceSpec, file?: string) => Source

/** Message counts are kept from one opening of a store to the next, so that messages are not counted again. */
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

/** Equal fingerprints mean that nothing has changed; null if only listing can tell. */
export function fingerprint({ ref }: SourceSpec): string | null {
  return ref.kind === 'OPENCODE_SQLITE' ? sqliteFingerprint(ref.path) : null
}

/** Identifies the file; changes when it is replaced. */
export function fileOf({ ref }: SourceSpec): string {
  return ref.kind === 'OPENCODE_SQLITE' ? fileNumber(ref.path) : ''
}

/** Changes when whatever was opened in an earlier run has to be closed. */
export function identity({ ref }: SourceSpec): string {
  return ref.kind === 'OPENCODE_SQLITE' ? sqliteIdentity(ref.path) : ''
}
