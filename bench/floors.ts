/**
 * Floors: how fast the same data can be read at all. Each runs alone in its own process and prints its milliseconds,
 * without the start of Node and the loading of the driver.
 *
 *   node bench/dist/floors.js walk DATABASE | files STORAGE
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { now } from './measure.ts'
import { openReadOnly } from './read-only.ts'

const FLOORS = {
  /** SQLite alone reads every byte of every part, and returns a single row. */
  walk(file: string) {
    const db = openReadOnly(file)
    db.prepare('SELECT sum(length(data)) AS bytes FROM part').get()
    db.close()
  },
  /** Reads every byte of every file, in one thread, synchronously, into one buffer. */
  files(storage: string) {
    const buffer = Buffer.allocUnsafeSlow(8 << 20)
    for (const kind of ['session', 'message', 'part']) {
      for (const directory of readdirSync(join(storage, kind))) {
        for (const name of readdirSync(join(storage, kind, directory))) {
          const file = openSync(`${storage}/${kind}/${directory}/${name}`, 'r')
          while (readSync(file, buffer, 0, buffer.length, null) === buffer.length);
          closeSync(file)
        }
      }
    }
  },
}
export type Floor = keyof typeof FLOORS

const [name, path] = process.argv.slice(2)
if ((name !== 'walk' && name !== 'files') || path === undefined) {
  console.error('floors walk DATABASE | floors files STORAGE')
  process.exit(2)
}
const start = now()
FLOORS[name](path)
console.log(now() - start)
