import Database from 'libsql'

/** The driver knows no option for it; without this it would empty the write-ahead log when it closes. */
export const openReadOnly = (path: string) => new Database(`file:${path}?mode=ro`)
