/** Opens a DuckDB instance with the store's database attached, and connections to it. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

export const MEMORY = ':memory:'

export interface InstanceOptions {
  /** The limit of DuckDB's own memory, in DuckDB's notation: `512MB`. */
  memoryLimit?: string | undefined
  threads?: number | undefined
  readOnly?: boolean | undefined
}

/** The resources that DuckDB may use. */
export interface Means {
  threads: number
  /** In DuckDB's notation; null for DuckDB's default, a share of the machine's memory. */
  memory: string | null
}

const THREADS = 2
const MEMORY_LIMIT = '512MB'
/** Lowers the peak memory of a first read of five times the usual history by a quarter, and takes no more time. */
const MODEST_MEMORY_LIMIT = '128MB'

/**
 * @param isModest whether something else needs the processors and the memory. One thread then, because a DuckDB thread
 *   that waits for another one polls without pause, which takes a whole processor.
 */
export function meansOf(path: string, { threads, memoryLimit }: InstanceOptions, isModest = false): Means {
  // A database in memory cannot move data to the disk, so it may take as much memory as it needs.
  const memory = path === MEMORY ? null : isModest ? MODEST_MEMORY_LIMIT : MEMORY_LIMIT
  return { threads: isModest ? 1 : (threads ?? THREADS), memory: memoryLimit ?? memory }
}

/** No folder for temporary files: a query that exceeds the memory limit fails. */
export const NO_OVERFLOW = ''

/**
 * Each checkpoint rewrites every row group that contains a changed row: small groups and rare checkpoints keep that
 * cheap while the history grows. (DuckDB's defaults, 122,880 rows and 16 MB, suit data that is loaded at once.) The
 * threshold is also the most WAL that a start after a crash has to replay.
 */
const ROW_GROUP_SIZE = 16_384
const CHECKPOINT_THRESHOLD = '64MB'
/**
 * In tables with indexes, checkpoints remove deleted rows only if they may rebuild the indexes, which is allowed up to
 * this many rows. Otherwise each change would leave another dead row to skip for ever.
 */
const VACUUM_UP_TO_ROWS = 10_000_000

/**
 * @param path a file, or `:memory:`
 * @param overflow the folder for data that exceeds the memory limit. It must be private, because DuckDB creates files
 *   there that anyone can read.
 */
export async function openInstance(
  path: string,
  options: InstanceOptions,
  overflow = `${path}.tmp`,
): Promise<DuckDBInstance> {
  const { threads, memory } = meansOf(path, options)
  const instance = await DuckDBInstance.create(MEMORY, {
    threads: String(threads),
    ...(memory === null ? {} : { memory_limit: memory }),
    temp_directory: path === MEMORY ? NO_OVERFLOW : overflow,
    checkpoint_threshold: CHECKPOINT_THRESHOLD,
    // No statement may make DuckDB download an extension.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  return closedOnFailure(instance, async () => {
    const connection = await instance.connect()
    try {
      const modes = [
        `ROW_GROUP_SIZE ${ROW_GROUP_SIZE}`,
        `VACUUM_REBUILD_INDEXES ${VACUUM_UP_TO_ROWS}`,
        ...(options.readOnly ? ['READ_ONLY'] : []),
      ]
      await connection.run(`ATTACH '${path.replaceAll("'", "''")}' AS ${NAME} (${modes.join(', ')})`)
    } finally {
      connection.closeSync()
    }
    return instance
  })
}

/** The name under which the database is attached; the instance's own default database stays empty. */
const NAME = 'delegraph'

/** Opens a connection that uses the store's tables, with its time zone set to UTC, as every TIMESTAMP is UTC. */
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
