#!/usr/bin/env node
/** The `delegraph` command. Each subcommand is a file in `cli/`, imported only when it is run. */
import { Command, CommanderError, Option } from 'commander'
import { EXIT, failureOf } from './cli/exit.ts'
import { endUnheard, print } from './cli/output.ts'
import { printable } from './cli/printable.ts'
import { DEFAULTS, type GivenOptions, QUERY_LIMITS, readConfig } from './config.ts'
import { versionOfPackage } from './package.ts'

const program = new Command('delegraph')
  .description("Who called whom, with which prompt, and what it cost: OpenCode's delegations as a GraphQL API.")
  .version(versionOfPackage(), '-V, --version', 'print the version')
  .helpOption('-h, --help', 'show this help')
  .helpCommand(false)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    `
Every option can also be set by an environment variable: --stale-after by DELEGRAPH_STALE_AFTER, --no-watch by
DELEGRAPH_WATCH=false. The exceptions are --file, --variables and --no-ingest, which belong to a single query.
"delegraph <command> --help" lists the options of a command.

Exit codes: 0 success; 1 the answer contains errors, or doctor found problems; 2 wrong usage; 3 failure;
4 answered from part of the history, whose first read had not finished.`,
  )

/** Declares a command that reads sources, with the options that all of these share. */
function reading(name: string, description: string, isDefault = false): Command {
  return program
    .command(name, { isDefault })
    .description(description)
    .addOption(
      new Option(
        '--source <path>',
        'a data or storage directory of OpenCode, a .db file or an export; may be repeated (default: found automatically)',
      ).argParser((path: string, before: string[] | undefined) => [...(before ?? []), path]),
    )
    .option('--db <path>', "the database file, or :memory: (default: in your applications' data directory)")
    .exitOverride()
}

/** Adds the options that all commands that answer queries share. */
function answering(command: Command): Command {
  return command
    .option(
      '--stale-after <time>',
      `how long a run that writes nothing still counts as running (default: ${DEFAULTS.staleAfter})`,
    )
    .option(
      '--anomaly-threshold <number>',
      `the robust z-score above which something is an anomaly (default: ${DEFAULTS.anomalyThreshold})`,
    )
    .option('--max-response <bytes>', `the maximum length of an answer (default: ${QUERY_LIMITS.maxResponse})`)
    .option('--query-timeout <time>', `the maximum time for one database query (default: ${DEFAULTS.queryTimeout})`)
    .option(
      '--max-matches <number>',
      `the maximum number of matches of a pattern (default: ${QUERY_LIMITS.maxMatches})`,
    )
}

answering(reading('serve', 'read, and serve the API at http://127.0.0.1:4000/graphql (the default command)', true))
  .option('--port <number>', `the port to listen on; 0 picks a free one (default: ${DEFAULTS.port})`)
  .option('--host <name>', `the address to listen on (default: ${DEFAULTS.host})`)
  .option('--token <text>', 'require this token in "Authorization: Bearer <text>"')
  .option('--token-file <path>', 'a file with the token, readable only by its owner')
  .option('--no-watch', 'read once, and do not watch for changes')
  .option('--open', 'open the dashboard in the browser')
  .option(
    '--log-level <level>',
    `silent, error, warn, info or debug; only debug shows queries and prompts (default: ${DEFAULTS.logLevel})`,
  )
  .option(
    '--log-format <format>',
    `pretty, json (everything, on standard error), or auto: JSON unless on a terminal (default: ${DEFAULTS.logFormat})`,
  )
  .option('--max-depth <number>', `the maximum depth of a query (default: ${QUERY_LIMITS.maxDepth})`)
  .option('--max-aliases <number>', `the maximum number of aliases in a query (default: ${QUERY_LIMITS.maxAliases})`)
  .option(
    '--max-directives <number>',
    `the maximum number of directives in a query (default: ${QUERY_LIMITS.maxDirectives})`,
  )
  .option('--max-tokens <number>', `the maximum number of tokens in a query (default: ${QUERY_LIMITS.maxTokens})`)
  .option(
    '--max-cost <number>',
    `the maximum number of values that a query could return with all pages full (default: ${QUERY_LIMITS.maxCost})`,
  )
  .option('--max-body <bytes>', `the maximum length of a request (default: ${QUERY_LIMITS.maxBody})`)
  .option(
    '--max-waiting <number>',
    `the maximum number of slow queries that may wait for their turn (default: ${QUERY_LIMITS.maxWaiting})`,
  )
  .option('--read-only', 'read no sources and write nothing; answer from the database as it is')
  .action(async (options) => {
    const { serve } = await import('./cli/serve.ts')
    // Exits explicitly: work that a stopped reading left behind would keep the process alive.
    process.exit(await serve(readConfig(given(options))))
  })

reading('ingest', 'read, and exit').action(async (options) => {
  const { ingest } = await import('./cli/ingest.ts')
  process.exitCode = await ingest(readConfig(given(options)))
})

answering(
  reading(
    'query',
    "read what changed, answer one query as JSON, and exit: delegraph query '{ sessions { totalCount } }'",
  ),
)
  .argument('[graphql]', 'the query; or use --file')
  .option('--file <path>', 'a file with the query; - for standard input')
  .option('--variables <json>', 'its variables, as a JSON object')
  .option('--no-ingest', 'answer from what has been read already')
  .option('--wait <time>', `how long to wait for the first read of another delegraph (default: ${DEFAULTS.wait})`)
  .action(async (text: string | undefined, options) => {
    const { file, variables, ingest, ...rest } = options
    const { query } = await import('./cli/query.ts')
    process.exitCode = await query(readConfig(given(rest)), { text, file, variables, ingest })
  })

program
  .command('schema')
  .description('print the schema')
  .exitOverride()
  .action(async () => {
    const { printWholeSchema } = await import('./cli/schema.ts')
    await print(printWholeSchema())
  })

reading('doctor', 'show what was found where, what could not be read, and what to do').action(async (options) => {
  const { doctor } = await import('./cli/doctor.ts')
  process.exitCode = await doctor(readConfig(given(options)))
})

/** Drops `watch: true`, which Commander sets when `--no-watch` is absent: the user did not ask for it. */
function given({ watch, ...options }: GivenOptions): GivenOptions {
  return watch === false ? { ...options, watch } : options
}

process.stdout.on('error', endUnheard)
// With stderr closed, nobody is left to tell.
process.stderr.on('error', () => {})

try {
  const [word] = process.argv.slice(2)
  const names = program.commands.map((command) => command.name())
  if (word !== undefined && !word.startsWith('-') && !names.includes(word)) {
    program.error(`error: unknown command '${printable(word)}'. There are ${names.join(', ')}.`)
  }
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has already printed the message.
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
  } else {
    const { code, text } = failureOf(error)
    process.stderr.write(`${text}\n`)
    process.exitCode = code
  }
}
