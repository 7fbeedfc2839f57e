/** How long things take, and how much memory a process had at its height. */
import { spawn } from 'node:child_process'
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'

export const now = () => performance.now()

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

/** Milliseconds of one call. */
export async function timed(work: () => unknown): Promise<number> {
  const start = now()
  await work()
  return now() - start
}

/**
 * Times things against each other: in turns, so that whatever else the machine does meets all of them. Each of `rounds`
 * rounds gives a median of `times` calls; the result is the median of the rounds.
 */
export async function sideBySide<Name extends string>(
  things: Record<Name, () => unknown>,
  { rounds, times }: { rounds: number; times: number },
): Promise<Record<Name, number>> {
  const names = Object.keys(things) as Name[]
  const medians = new Map<Name, number[]>(names.map((name) => [name, []]))
  for (const name of names) for (let i = 0; i < 3; i++) await things[name]()
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const took: number[] = []
      for (let i = 0; i < times; i++) took.push(await timed(things[name]))
      medians.get(name)?.push(median(took))
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(medians.get(name) ?? [])])) as Record<Name, number>
}

export interface ProcessRun {
  /** From the call of the system to its end. */
  ms: number
  /** The largest resident size, in MB; null where the system does not say. */
  peakMb: number | null
  code: number | null
  stdout: string
  stderr: string
}

export function runProcess(
  command: string,
  args: readonly string[],
  env = process.env,
  cwd?: string,
): Promise<ProcessRun> {
  return new Promise((resolve, reject) => {
    const start = now()
    const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    let peakMb: number | null = null
    const watch = setInterval(() => {
      peakMb = peakOf(child.pid) ?? peakMb
    }, 20)
    child.on('error', (error) => {
      clearInterval(watch)
      reject(error)
    })
    child.on('close', (code) => {
      const ms = now() - start
      clearInterval(watch)
      resolve({ ms, peakMb, code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() })
    })
  })
}

/** Linux keeps the high-water mark, so that looking now and then is enough. */
export function peakOf(pid: number | undefined): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kb = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]
    return kb === undefined ? null : Number(kb) / 1024
  } catch {
    return null
  }
}

const CACHES = '/proc/sys/vm/drop_caches'

/** Whether the page cache can be emptied: Linux, as root. */
export function canEmptyPageCache(): boolean {
  try {
    accessSync(CACHES, constants.W_OK)
    return true
  } catch {
    return false
  }
}

export async function emptyPageCache(): Promise<void> {
  await runProcess('sync', [])
  writeFileSync(CACHES, '3')
}
