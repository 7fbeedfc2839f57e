/** Measures durations and peak memory. */
import { spawn } from 'node:child_process'
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'

export const now = () => performance.now()

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

/** Duration of one call in milliseconds. */
export async function timed(work: () => unknown): Promise<number> {
  const start = now()
  await work()
  return now() - start
}

/**
 * Times alternatives in turns, so that other load on the machine affects all of them alike. Each of `rounds` rounds
 * takes the median of `times` calls; the result is the median over the rounds.
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
  /** From starting the process to its exit. */
  ms: number
  /** Peak resident set size in MB; null if the system does not report it. */
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

/** Linux keeps the high-water mark, so polling it now and then is enough. */
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

/** Whether the page cache can be dropped: on Linux, as root. */
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
