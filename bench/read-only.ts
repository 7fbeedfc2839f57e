import Database from 'libsql'

/** The driver has no option for it. Without `mode=ro`, closing the database would empty its write-ahead log. */
export const openReadOnly = (path: string) => new Database(`file:${path}?mode=ro`)
