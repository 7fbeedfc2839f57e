import { describe, expect, it } from 'vitest'
import { QUERY_LIMITS, readConfig } from '../../src/config.ts'

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
      anomalyThreshold: 3.5,
      token: null,
      tokenFile: null,
      open: false,
      readOnly: false,
      logLevel: 'info',
      logFormat: 'auto',
      limits: QUERY_LIMITS,
      queryTimeoutMs: 30_000,
      waitMs: 120_000,
      strayVariables: [],
    })
  })

  it('may name a place below the home as a shell does, which leaves it as it is behind "=" and in a file of variables', () => {
    const given = { source: ['~/a', '~', '/b/~', './~/c', '~d'], db: '~/my.duckdb', tokenFile: '~/token' }
    expect(readConfig(given, env, '/here')).toMatchObject({
      sources: ['/home/dev/a', '/home/dev', '/b/~', '/here/~/c', '/here/~d'],
      db: '/home/dev/my.duckdb',
      tokenFile: '/home/dev/token',
    })
  })

  it('need no home where they name every place', () => {
    const nowhere = { HOME: 'nowhere' }
    expect(() => readConfig({}, nowhere)).toThrow(
      '--db: this user has no home directory: set HOME, or pass a path or :memory:',
    )
    expect(readConfig({ db: '/x.duckdb' }, nowhere).db).toBe('/x.duckdb')
    expect(readConfig({}, { ...nowhere, XDG_DATA_HOME: '/data' }).db).toBe('/data/delegraph/delegraph.duckdb')
  })

  it('keep the database out of wherever one happens to be', () => {
    expect(readConfig({}, { HOME: '/home/dev', XDG_DATA_HOME: 'data' }, '/here').db).toMatch(/^\/home\/dev\//)
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
        DELEGRAPH_ANOMALY_THRESHOLD: '5',
        DELEGRAPH_TOKEN: 'correct horse',
        DELEGRAPH_OPEN: '1',
        DELEGRAPH_READ_ONLY: 'true',
        DELEGRAPH_LOG_LEVEL: 'debug',
        DELEGRAPH_LOG_FORMAT: 'json',
        DELEGRAPH_MAX_DEPTH: '1',
        DELEGRAPH_MAX_ALIASES: '2',
        DELEGRAPH_MAX_DIRECTIVES: '3',
        DELEGRAPH_MAX_TOKENS: '4',
        DELEGRAPH_MAX_COST: '5',
        DELEGRAPH_MAX_BODY: '6',
        DELEGRAPH_MAX_RESPONSE: '7',
        DELEGRAPH_MAX_WAITING: '8',
        DELEGRAPH_MAX_MATCHES: '9',
        DELEGRAPH_QUERY_TIMEOUT: '2m',
        DELEGRAPH_WAIT: '0s',
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
      anomalyThreshold: 5,
      token: 'correct horse',
      tokenFile: null,
      open: true,
      readOnly: true,
      logLevel: 'debug',
      logFormat: 'json',
      limits: {
        maxDepth: 1,
        maxAliases: 2,
        maxDirectives: 3,
        maxTokens: 4,
        maxCost: 5,
        maxBody: 6,
        maxResponse: 7,
        maxWaiting: 8,
        maxMatches: 9,
      },
      queryTimeoutMs: 120_000,
      waitMs: 0,
      strayVariables: [],
    })
  })

  it('are told apart from what is named like them', () => {
    const misspelt = { ...env, DELEGRAPH_STALEAFTER: '1h', DELEGRAPHS: '1' }
    expect(readConfig({}, misspelt)).toMatchObject({
      staleAfterMs: 600_000,
      strayVariables: ['DELEGRAPH_STALEAFTER'],
    })
    const beside = {
      ...env,
      DELEGRAPH_PORT: 'tcp://10.0.0.7:4000',
      DELEGRAPH_SERVICE_HOST: '10.0.0.7',
      DELEGRAPH_SERVICE_PORT: '4000',
      DELEGRAPH_SERVICE_PORT_HTTP: '4000',
      DELEGRAPH_PORT_4000_TCP: 'tcp://10.0.0.7:4000',
      DELEGRAPH_PORT_4000_TCP_ADDR: '10.0.0.7',
      DELEGRAPH_BLUE_PORT: 'tcp://10.0.0.8:4000',
    }
    expect(readConfig({}, beside)).toMatchObject({ port: 4000, strayVariables: [] })
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

  it('give one token: that of the command line, where a variable has another', () => {
    const file = { ...env, DELEGRAPH_TOKEN_FILE: '/run/token' }
    expect(readConfig({ token: 'correct horse' }, file)).toMatchObject({ token: 'correct horse', tokenFile: null })
    const text = { ...env, DELEGRAPH_TOKEN: 'correct horse' }
    expect(readConfig({ tokenFile: 'token' }, text, '/here')).toMatchObject({ token: null, tokenFile: '/here/token' })
    expect(() => readConfig({ token: 'correct horse', tokenFile: 'token' }, env)).toThrow(
      '--token and --token-file: give one of them',
    )
    expect(() => readConfig({}, { ...file, ...text })).toThrow('DELEGRAPH_TOKEN and DELEGRAPH_TOKEN_FILE')
  })

  it('give no token that no header could carry', () => {
    for (const token of ['pässwörter', ' begins with a space', 'two\nlines of it']) {
      expect(() => readConfig({ token }, env)).toThrow(/^--token: a token must be one line of plain ASCII characters$/)
    }
    expect(readConfig({ token: 'correct horse' }, env).token).toBe('correct horse')
  })

  it('that are wrong are all listed at once, by the names that were used', () => {
    const read = () =>
      readConfig(
        { port: '99999', source: [''], token: 'short', anomalyThreshold: '0' },
        { ...env, DELEGRAPH_STALE_AFTER: 'soon', DELEGRAPH_WATCH: 'maybe', DELEGRAPH_HOST: '' },
      )
    expect(read).toThrow(
      [
        '--source ([""]): must be a path',
        '--port ("99999"): must be a number from 0 to 65535',
        'DELEGRAPH_HOST (""): must be a name or an address',
        'DELEGRAPH_WATCH ("maybe"): must be true or false',
        'DELEGRAPH_STALE_AFTER ("soon"): must be a number with a unit, such as 30s, 10m or 1h',
        '--anomaly-threshold ("0"): must be a number above 0',
        '--token: a token must have at least 8 characters',
      ].join('\n'),
    )
  })

  it('take a time only where it can be waited for', () => {
    const longest = { staleAfter: '1000000h', queryTimeout: '596h', wait: '596h' }
    expect(readConfig(longest, env)).toMatchObject({ staleAfterMs: 3.6e12, queryTimeoutMs: 2_145_600_000 })
    expect(() => readConfig({ staleAfter: '1000001h', queryTimeout: '597h', wait: '597h' }, env)).toThrow(
      [
        '--stale-after ("1000001h"): must be at most 1000000h',
        '--query-timeout ("597h"): must be between 1ms and 596h',
        '--wait ("597h"): must be at most 596h',
      ].join('\n'),
    )
    expect(() => readConfig({ queryTimeout: '0s' }, env)).toThrow('must be between 1ms and 596h')
  })
})
