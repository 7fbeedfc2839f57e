import { SOURCE_KINDS, type SourceRef } from '../records.ts'

/** Parses the id of a source, `<kind>:<path>`. */
export function sourceOf(id: string): SourceRef {
  const colon = id.indexOf(':')
  const kind = SOURCE_KINDS.find((each) => each === id.slice(0, colon))
  if (!kind) throw new Error(`"${id}" is not the id of a source`)
  return { id, kind, path: id.slice(colon + 1) }
}
