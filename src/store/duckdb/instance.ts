/** DuckDB with the store's database attached, and connections to it. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

export const MEMORY = ':memory:'

export interface InstanceOptions {
  /** Of DuckDB's own memory, as DuckDB writes it: `512MB`. */
  memoryLimit?: string | undefined
  threads?: number | undefined
  readOnly?: boolean | undefined
}

const MEMORY_LIMIT = '512MB'
export const THREADS = 2
/** What does not fit into memory is refused. */
export const NO_OVERFLOW = ''

/**
 * Changed rows are written again together with all others of their group, at every checkpoint: small groups and rare
 * checkpoints keep that cheap while history grows. (DuckDB's own measures, 122,880 rows and 16 MB, are for data that
 * comes all at once.) A start after a crash reads at most this much log.
 */
const ROW_GROUP_SIZE = 16_384
const CHECKPOINT_THRESHOLD = '64MB'

/**
 * @param path a file, or `:memory:`
 * @param overflow for what does not fit into memory: a folder that others may not enter, since DuckDB lets all read there
 */
export async function openInstance(
  path: string,
  options: InstanceOptions,
  overflow = `${path}.tmp`,
): Promise<DuckDBInstance> {
  const { memoryLimit, threads, readOnly } = options
  const isFile = path !== MEMORY
  const instance = await DuckDBInstance.create(MEMORY, {
    threads: String(threads ?? THREADS),
    // Of one in memory nothing goes to the disk, so DuckDB's own limit (a share of the machine's) stands.
    ...(isFile || memoryLimit !== undefined ? { memory_limit: memoryLimit ?? MEMORY_LIMIT } : {}),
    temp_directory: isFile ? overflow : NO_OVERFLOW,
    checkpoint_threshold: CHECKPOINT_THRESHOLD,
    // Nothing is fetched, whatever a statement says.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  return closedOnFailure(instance, async () => {
    const connection = await instance.connect()
    try {
      const modes = [`ROW_GROUP_SIZE ${ROW_GROUP_SIZE}`, ...(readOnly ? ['READ_ONLY'] : [])]
      await connection.run(`ATTACH '${path.replaceAll("'", "''")}' AS ${NAME} (${modes.join(', ')})`)
    } finally {
      connection.closeSync()
    }
    return instance
  })
}

/** The database's name within its instance; the instance's own is empty. */
const NAME = 'delegraph'

/** A connection that sees the store's tables, and whose clock is UTC: what is a TIMESTAMP here is UTC. */
export async function connect(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect()
  try {
    await connection.run(`USE ${NAME}; SET TimeZone = 'UTC'`)
  } catch (error) {
    connection.closeSync()
    throw error
  }
  return connection
}

export async function connected<T>(
  instance: DuckDBInstance,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const connection = await connect(instance)
  try {
    return await work(connection)
  } finally {
    connection.closeSync()
  }
}

export async function closedOnFailure<T>(instance: DuckDBInstance, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    instance.closeSync()
    throw error
  }
}
