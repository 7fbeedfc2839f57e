/** Versions of the database's tables, and the migration of an older database to the current version, step by step. */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { z } from 'zod'
import { DelegraphError } from '../../errors.ts'
import { connected } from './instance.ts'
import { VERSION_1, VERSION_1_BARE, VERSION_2, VERSION_2_BARE } from './tables.ts'

/**
 * One step per version, from the version before it; the first step creates everything. A step may also drop data that
 * it cannot convert: if it empties the ingest state tables too, everything is read again from the sources.
 */
export const MIGRATIONS: readonly string[] = [VERSION_1, VERSION_2]

/** The same steps without `COMMENT ON`, which takes half of their time. */
export const MEMORY_MIGRATIONS: readonly string[] = [VERSION_1_BARE, VERSION_2_BARE]

const CREATE_META = `CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL);
COMMENT ON TABLE meta IS 'Metadata of this database.';
COMMENT ON COLUMN meta.key IS 'schema_version: the version of the tables.';
COMMENT ON COLUMN meta.value IS 'The value.';
INSERT INTO meta VALUES ('schema_version', '0')`

const FIND_TABLES = `SELECT table_name FROM information_schema.tables WHERE table_catalog = current_database()`
const READ_VERSION = `SELECT value FROM meta WHERE key = 'schema_version'`
const WRITE_VERSION = `UPDATE meta SET value = $1 WHERE key = 'schema_version'`

const Version = z.string().regex(/^\d+$/).transform(Number)

/** Returns the version of the tables: 0 for an empty database, null for another program's database. */
async function readVersion(connection: DuckDBConnection): Promise<number | null> {
  const [row] = await connection.runAndReadAll(READ_VERSION).then((reader) => reader.getRows(), ifOtherwiseMade)
  const version = Version.safeParse(row?.[0]).data
  if (version !== undefined) return version
  // Listing the tables takes longer than everything else, so it is done only if there is no version.
  return (await connection.runAndReadAll(FIND_TABLES)).currentRowCount === 0 ? 0 : null
}

/** Treats a missing `meta` table, or another program's table of that name, as having no rows; rethrows other errors. */
function ifOtherwiseMade(error: unknown): [] {
  if (error instanceof Error && /^(Binder|Catalog) Error/.test(error.message)) return []
  throw error
}

/**
 * Whether the tables are of the current version. Throws STORE_NEWER for a newer version, and BAD_USER_INPUT for another
 * program's database.
 */
export async function isUpToDate(
  connection: DuckDBConnection,
  path: string,
  migrations: readonly string[] = MIGRATIONS,
): Promise<boolean> {
  return (await checkedVersion(connection, path, migrations.length)) === migrations.length
}

/** Creates the tables, or migrates them to the current version. Throws like `isUpToDate`. */
export const prepareTables = (instance: DuckDBInstance, path: string, migrations = MIGRATIONS): Promise<void> =>
  connected(instance, (connection) => migrate(connection, path, migrations))

/** Migrates in one transaction, so that a failure leaves the old version. */
async function migrate(connection: DuckDBConnection, path: string, migrations: readonly string[]): Promise<void> {
  const known = migrations.length
  const version = await checkedVersion(connection, path, known)
  if (version === known) return
  await connection.run('BEGIN TRANSACTION')
  try {
    if (version === 0) await connection.run(CREATE_META)
    for (const step of migrations.slice(version)) await connection.run(step)
    await connection.run(WRITE_VERSION, [String(known)])
    await connection.run('COMMIT')
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => {})
    throw error
  }
}

async function checkedVersion(connection: DuckDBConnection, path: string, known: number): Promise<number> {
  const version = await readVersion(connection)
  if (version === null) {
    throw new DelegraphError(
      'BAD_USER_INPUT',
      `${path} is the database of another program: it does not have delegraph's tables. Give another file with --db.`,
      { path },
    )
  }
  if (version > known) {
    throw new DelegraphError(
      'STORE_NEWER',
      `${path} was written by a newer delegraph: its tables have version ${version}, and this one only knows versions up to ${known}. Update delegraph, or give it another file with --db: everything in it can be read again from the sources.`,
      { path, found: version, known },
    )
  }
  return version
}
