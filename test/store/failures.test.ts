/** Errors on opening a database whose wording in DuckDB depends on the operating system. */
import { describe, expect, it } from 'vitest'
import { openingFailure } from '../../src/store/duckdb/failures.ts'

const PATH = 'C:\\data\\delegraph.duckdb'

describe('a database that another process writes to', () => {
  it('is said to be in use, and by whom, in the words of each system', () => {
    for (const words of [
      `IO Error: Could not set lock on file "${PATH}": Conflicting lock is held in /usr/bin/node (PID 3528) by user dev.`,
      `IO Error: Cannot open file "${PATH}": The process cannot access the file because it is being used by another process.\n\n\nFile is already open in \nC:\\nodejs\\node.exe (PID 3528)`,
    ]) {
      expect(openingFailure(new Error(words), PATH)).toMatchObject({
        code: 'STORE_LOCKED',
        details: { path: PATH, pid: 3528 },
      })
    }
  })

  it('is said to be in use also where its beginning cannot be looked at before', () => {
    const busy = Object.assign(new Error(`EBUSY: resource busy or locked, open '${PATH}'`), { code: 'EBUSY' })
    expect(openingFailure(busy, PATH)).toMatchObject({ code: 'STORE_LOCKED', details: { path: PATH } })
  })
})
