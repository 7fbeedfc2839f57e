/** Where the package stands. What it carries beside its code is found from there, wherever the code was built to. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Ends with a slash. */
const PACKAGE = around(new URL('.', import.meta.url))

function around(directory: URL): URL {
  if (existsSync(new URL('package.json', directory))) return directory
  const above = new URL('..', directory)
  if (above.href === directory.href) throw new Error('The package of this code has no package.json.')
  return around(above)
}

/** @param path from the package's directory, with slashes */
export const pathInPackage = (path: string): string => fileURLToPath(new URL(path, PACKAGE))

export const versionOfPackage = (): string =>
  /"version": "([^"]+)"/.exec(readFileSync(pathInPackage('package.json'), 'utf8'))?.[1] ?? ''
