/** Finds the package's directory, and the files that ship beside the code, wherever the code was built to. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** URL of the package's directory; ends with a slash. */
const PACKAGE = around(new URL('.', import.meta.url))

function around(directory: URL): URL {
  if (existsSync(new URL('package.json', directory))) return directory
  const above = new URL('..', directory)
  if (above.href === directory.href) throw new Error('The package of this code has no package.json.')
  return around(above)
}

/** @param path relative to the package's directory, with forward slashes */
export const pathInPackage = (path: string): string => fileURLToPath(new URL(path, PACKAGE))

export const versionOfPackage = (): string =>
  /"version": "([^"]+)"/.exec(readFileSync(pathInPackage('package.json'), 'utf8'))?.[1] ?? ''
