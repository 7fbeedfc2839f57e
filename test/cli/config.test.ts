import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'

const env = { HOME: '/home/dev', XDG_DATA_HOME: '/home/dev/data' }

describe('the options', () => {
  it('have defaults', () => {
    expect(readConfig({}, env, '/here')).toEqual({
      sources: [],
      db: '/home/dev/data/delegraph/delegraph.duckdb',
      port: 4000,
      host: '127.0.0.1',
      watch: true,
      staleAfterMs: 600_000,
      token: null,
      open: false,
      readOnly: false,
    })
  })

  it('can be given as variables, all of them', () => {
    const config = readConfig(
      {},
      {
        ...env,
        DELEGRAPH_SOURCE: '/a:b',
        DELEGRAPH_DB: ':memory:',
        DELEGRAPH_PORT: '0',
        DELEGRAPH_HOST: '::1',
        DELEGRAPH_WATCH: 'no',
        DELEGRAPH_STALE_AFTER: '1.5h',
        DELEGRAPH_TOKEN: 'correct horse',
        DELEGRAPH_OPEN: '1',
        DELEGRAPH_READ_ONLY: 'true',
      },
      '/here',
    )
    expect(config).toEqual({
      sources: ['/a', '/here/b'],
      db: ':memory:',
      port: 0,
      host: '::1',
      watch: false,
      staleAfterMs: 5_400_000,
      token: 'correct horse',
      open: true,
      readOnly: true,
    })
  })

  it('count before their variables', () => {
    const given = { port: '5000', source: ['x'], watch: false, db: 'my.duckdb' }
    const config = readConfig(
      given,
      { ...env, DELEGRAPH_PORT: '1', DELEGRAPH_SOURCE: '/a', DELEGRAPH_WATCH: '1' },
      '/here',
    )
    expect(config).toMatchObject({ port: 5000, sources: ['/here/x'], watch: false, db: '/here/my.duckdb' })
  })

  it('that are wrong are all listed at once, by the names that were used', () => {
    const read = () =>
      readConfig(
        { port: '99999', source: [''], token: 'short' },
        { ...env, DELEGRAPH_STALE_AFTER: 'soon', DELEGRAPH_WATCH: 'maybe', DELEGRAPH_HOST: '' },
      )
    expect(read).toThrow(
      [
        '--source ([""]): a path is missing',
        '--port ("99999"): write a number from 0 to 65535',
        'DELEGRAPH_HOST (""): write a name or an address',
        'DELEGRAPH_WATCH ("maybe"): write true or false',
        'DELEGRAPH_STALE_AFTER ("soon"): write a number and its unit, such as 30s, 10m or 1h',
        '--token: a token has at least 8 characters',
      ].join('\n'),
    )
  })
})
