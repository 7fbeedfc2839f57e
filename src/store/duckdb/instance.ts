/** DuckDB with the store's database attached, and connections to it. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

export const MEMORY = ':memory:'

export interface InstanceOptions {
  /** Of DuckDB's own memory, as DuckDB writes it: `512MB`. */
  memoryLimit?: string | undefined
  threads?: number | undefined
  readOnly?: boolean | undefined
}

/** What DuckDB may take of the machine. */
export interface Means {
  threads: number
  /** As DuckDB writes it; null for a share of what the machine has, which is DuckDB's own measure. */
  memory: string | null
}

const THREADS = 2
const MEMORY_LIMIT = '512MB'
/** Of a first reading of five times the usual history this makes the peak a quarter lower, and takes no more time. */
const MODEST_MEMORY_LIMIT = '128MB'

/**
 * @param isModest while something else needs the processors and the memory. Whoever waits for another of DuckDB's threads
 *   asks it without a pause, which takes a whole processor.
 */
export function meansOf(path: string, { threads, memoryLimit }: InstanceOptions, isModest = false): Means {
  // Of one in memory nothing goes to the disk: it may take what it needs.
  const memory = path === MEMORY ? null : isModest ? MODEST_MEMORY_LIMIT : MEMORY_LIMIT
  return { threads: isModest ? 1 : (threads ?? THREADS), memory: memoryLimit ?? memory }
}

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
 * Of tables with indexes, checkpoints keep the rows that were deleted (each change is a row more to pass over, for ever)
 * unless the indexes may be made anew: in tables of up to so many rows.
 */
const VACUUM_UP_TO_ROWS = 10_000_000

/**
 * @param path a file, or `:memory:`
 * @param overflow for what does not fit into memory: a folder that others may not enter, since DuckDB lets all read there
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
    // Nothing is fetched, whatever a statement says.
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
