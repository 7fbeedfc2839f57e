/** Writes to stdout, and fails loudly when that is not possible. */
import { fstatSync, writeSync } from 'node:fs'
import { EXIT } from './exit.ts'
import { printable } from './printable.ts'

const OUTPUT = 1

/** Resolves when the text is written. */
export async function print(text: string): Promise<void> {
  if (!isFile()) return new Promise((resolve) => void process.stdout.write(text, () => resolve()))
  // On a full disk, a write may take only the first part of the text, which Node's stream reports as success.
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

/** A closed pipe (`| head`) ends the command quietly, as usual on Unix; any other write error is a failure. */
export function endUnheard(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(EXIT.done)
  process.stderr.write(`Cannot write the output: ${printable(error.message)}\n`)
  process.exit(EXIT.failed)
}
