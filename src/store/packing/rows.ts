/**
 * Packs rows into bytes. A worker thread can pack the rows that it builds, since the buffers are transferred between
 * threads without copying. In large batches, their texts reach DuckDB as UTF-8 without becoming strings again.
 *
 * A row is the concatenation of its cells in column order, all little-endian. A text is its byte length as an int32 (-1
 * for null), followed by its UTF-8 bytes; a number is a float64 (NaN for null); a flag is one byte (2 for null).
 */
import { hash } from 'node:crypto'
import type { Forest, Trace } from '../../records.ts'
import type { PackedForest, PackedRows } from '../store.ts'
import {
  type Cell,
  type CellType,
  SESSION_COLUMNS,
  type StoredColumn,
  type StoredTrace,
  TRACE_COLUMNS,
} from './columns.ts'

/** Rows are packed into one buffer until it has at least this many bytes. */
const PORTION_BYTES = 512 * 1024

/** A forest whose traces may be produced lazily. */
type TracesOf = Omit<Forest, 'traces'> & { traces: Iterable<Trace> }

export function packForest({ sessionIds, sessions, traces }: TracesOf): PackedForest {
  const projects = new Map(sessions.map((session) => [session.id, session.project]))
  const projectOf = (id: string | null): string | null => (id === null ? null : (projects.get(id) ?? null))
  const storedTraces = function* (): Generator<{ id: string; root: string; stored: StoredTrace }> {
    for (const trace of traces) {
      const project = projectOf(trace.sessionId) ?? projectOf(trace.rootSessionId)
      yield { id: trace.id, root: trace.rootSessionId, stored: { trace, project } }
    }
  }
  return {
    kind: 'packed',
    sessionIds,
    traces: packRows(TRACE_COLUMNS, storedTraces()),
    sessions: packRows(
      SESSION_COLUMNS,
      sessions.map((session) => ({ id: session.id, root: session.rootId, stored: session })),
    ),
  }
}

export const bytesOf = ({ traces, sessions }: PackedForest): number =>
  [...traces, ...sessions].reduce((sum, { bytes }) => sum + bytes.length, 0)

/** The buffers to transfer when a packed forest is posted to another thread. */
export const buffersOf = ({ traces, sessions }: PackedForest): ArrayBuffer[] =>
  [...traces, ...sessions].map(({ bytes }) => bytes.buffer)

// ---------------------------------------------------------------- packing

/** The buffer that rows are packed into before their total length is known. */
let scratch = Buffer.alloc(0)
/** A scratch buffer that a long text has enlarged beyond this is released. */
const MAX_SCRATCH_BYTES = 8 * PORTION_BYTES

function packRows<T>(
  columns: readonly StoredColumn<T>[],
  rows: Iterable<{ id: string; root: string; stored: T }>,
): PackedRows[] {
  const portions: PackedRows[] = []
  let portion = emptyPortion()
  let end = 0
  const finish = () => {
    portion.places.push(end)
    portions.push({ ...portion, bytes: new Uint8Array(scratch.subarray(0, end)) })
    portion = emptyPortion()
    end = 0
    if (scratch.length > MAX_SCRATCH_BYTES) scratch = Buffer.alloc(0)
  }
  for (const { id, root, stored } of rows) {
    const start = end
    for (const { type, of } of columns) end = packCell(end, type, of(stored))
    portion.ids.push(id)
    portion.roots.push(root)
    portion.places.push(start)
    portion.digests.push(digestOf(scratch.subarray(start, end)))
    if (end >= PORTION_BYTES) finish()
  }
  if (end > 0) finish()
  return portions
}

const emptyPortion = (): Omit<PackedRows, 'bytes'> => ({ ids: [], roots: [], digests: [], places: [] })

function packCell(at: number, type: CellType, cell: Cell): number {
  switch (type) {
    case 'VARCHAR': {
      const text = cell === null ? '' : String(cell)
      const length = Buffer.byteLength(text)
      makeRoom(at, 4 + length)
      scratch.writeInt32LE(cell === null ? -1 : length, at)
      if (length > 0) scratch.write(text, at + 4)
      return at + 4 + length
    }
    case 'DOUBLE':
      makeRoom(at, 8)
      return scratch.writeDoubleLE(cell === null ? Number.NaN : Number(cell), at)
    case 'BOOLEAN':
      makeRoom(at, 1)
      return scratch.writeUInt8(cell === null ? 2 : Number(cell), at)
  }
}

function makeRoom(at: number, bytes: number): void {
  if (at + bytes <= scratch.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(2 * PORTION_BYTES, at + bytes))
  scratch.copy(larger, 0, 0, at)
  scratch = larger
}

/** The first 48 bits of the SHA-1 of a row's bytes: an integer that JavaScript represents exactly. */
const digestOf = (row: Buffer): number => Number.parseInt(hash('sha1', row, 'hex').slice(0, 12), 16)

// ---------------------------------------------------------------- unpacking

export const lengthOf = ({ places }: PackedRows, row: number): number => (places[row + 1] ?? 0) - (places[row] ?? 0)

/**
 * Calls `use` for each cell of a row, passing texts as UTF-8 bytes. Returns the number of cells, which may be smaller
 * than the number of columns.
 */
export function eachCell(
  { bytes, places }: PackedRows,
  row: number,
  columns: readonly { type: CellType }[],
  use: (cell: Uint8Array | number | boolean | null, column: number) => void,
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = places[row + 1] ?? 0
  let at = places[row] ?? 0
  for (const [column, { type }] of columns.entries()) {
    if (at >= end) return column
    if (type === 'VARCHAR') {
      const length = view.getInt32(at, true)
      at += 4
      use(length < 0 ? null : bytes.subarray(at, at + length), column)
      at += Math.max(0, length)
    } else if (type === 'DOUBLE') {
      const value = view.getFloat64(at, true)
      at += 8
      use(Number.isNaN(value) ? null : value, column)
    } else {
      const value = view.getUint8(at)
      at += 1
      use(value === 2 ? null : value === 1, column)
    }
  }
  return columns.length
}
