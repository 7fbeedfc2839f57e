/** The standard output: what cannot be written to it is not passed over. */
import { fstatSync, writeSync } from 'node:fs'
import { EXIT } from './exit.ts'
import { printable } from './printable.ts'

const OUTPUT = 1

/** Resolves when it is written. */
export async function print(text: string): Promise<void> {
  if (!isFile()) return new Promise((resolve) => void process.stdout.write(text, () => resolve()))
  // A disk that is full takes the first part of it, which Node takes for the whole.
  const bytes = Buffer.from(text)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(OUTPUT, bytes, at)
  } catch (error) {
    endUnheard(error instanceof Error ? error : new Error(String(error)))
  }
}

function isFile(): boolean {
  try {
    return fstatSync(OUTPUT).isFile()
  } catch {
    return false
  }
}

/** A reader that wants no more of it (`| head`) ends the command as it ends others; what cannot be kept is a failure. */
export function endUnheard(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(EXIT.done)
  process.stderr.write(`Cannot write the output: ${printable(error.message)}\n`)
  process.exit(EXIT.failed)
}
