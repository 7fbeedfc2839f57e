#!/usr/bin/env node
/** The command. Each subcommand is a file in `cli/`, loaded when it is asked for. */
import { Command, CommanderError, Option } from 'commander'
import { EXIT, failureOf } from './cli/exit.ts'
import { endUnheard, print } from './cli/output.ts'
import { printable } from './cli/printable.ts'
import { DEFAULTS, type GivenOptions, QUERY_LIMITS, readConfig } from './config.ts'
import { versionOfPackage } from './package.ts'

const program = new Command('delegraph')
  .description("Who called whom, with which prompt, and what it cost: OpenCode's delegations as a GraphQL API.")
  .version(versionOfPackage(), '-V, --version', 'say the version')
  .helpOption('-h, --help', 'say this')
  .helpCommand(false)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    `
Every option is a variable, too: --stale-after is DELEGRAPH_STALE_AFTER, --no-watch is DELEGRAPH_WATCH=false. Only
--file, --variables and --no-ingest, which belong to one query, are none.
"delegraph <command> --help" lists the options of a command.

Exit codes: 0 done; 1 the answer has errors, or doctor found trouble; 2 used wrongly; 3 could not be done;
4 answered from a part of the history, whose first reading had not come to its end.`,
  )

/** What every command that reads needs. */
function reading(name: string, description: string, isDefault = false): Command {
  return program
    .command(name, { isDefault })
    .description(description)
    .addOption(
      new Option(
        '--source <path>',
        "a data or storage directory of OpenCode's, a .db file or an export; may be repeated (default: found by itself)",
      ).argParser((path: string, before: string[] | undefined) => [...(before ?? []), path]),
    )
    .option('--db <path>', "the database, or :memory: (default: beside your other applications' data)")
    .exitOverride()
}

/** What every command that answers needs. */
function answering(command: Command): Command {
  return command
    .option('--stale-after <time>', `how long a silent run counts as running (default: ${DEFAULTS.staleAfter})`)
    .option(
      '--anomaly-threshold <number>',
      `from which robust z-score on something stands out (default: ${DEFAULTS.anomalyThreshold})`,
    )
    .option('--max-response <bytes>', `how long an answer may be (default: ${QUERY_LIMITS.maxResponse})`)
    .option(
      '--query-timeout <time>',
      `how long one question to the database may take (default: ${DEFAULTS.queryTimeout})`,
    )
    .option('--max-matches <number>', `how many matches a pattern may have (default: ${QUERY_LIMITS.maxMatches})`)
}

answering(reading('serve', 'read, and answer under http://127.0.0.1:4000/graphql (the default command)', true))
  .option('--port <number>', `the port to listen on; 0 takes a free one (default: ${DEFAULTS.port})`)
  .option('--host <name>', `the address to listen on (default: ${DEFAULTS.host})`)
  .option('--token <text>', 'whoever asks must send it as "Authorization: Bearer <text>"')
  .option('--token-file <path>', 'a file with the token, which only its owner may read')
  .option('--no-watch', 'read once, and not again when something changes')
  .option('--open', 'open the dashboard in the browser')
  .option(
    '--log-level <level>',
    `silent, error, warn, info or debug, which alone shows what is asked (default: ${DEFAULTS.logLevel})`,
  )
  .option(
    '--log-format <format>',
    `pretty, json (all of it, on the standard error), or auto: JSON where there is no terminal (default: ${DEFAULTS.logFormat})`,
  )
  .option('--max-depth <number>', `how deep a query may go (default: ${QUERY_LIMITS.maxDepth})`)
  .option('--max-aliases <number>', `how many aliases a query may have (default: ${QUERY_LIMITS.maxAliases})`)
  .option('--max-directives <number>', `how many directives a query may have (default: ${QUERY_LIMITS.maxDirectives})`)
  .option('--max-tokens <number>', `how many tokens a query may have (default: ${QUERY_LIMITS.maxTokens})`)
  .option(
    '--max-cost <number>',
    `how many values a query may give if all its pages were full (default: ${QUERY_LIMITS.maxCost})`,
  )
  .option('--max-body <bytes>', `how long a request may be (default: ${QUERY_LIMITS.maxBody})`)
  .option(
    '--max-waiting <number>',
    `how many long questions may wait for their turn (default: ${QUERY_LIMITS.maxWaiting})`,
  )
  .option('--read-only', 'read no sources and write nothing: answer from what the database has')
  .action(async (options) => {
    const { serve } = await import('./cli/serve.ts')
    // A reading that was left unfinished must not keep the process.
    process.exit(await serve(readConfig(given(options))))
  })

reading('ingest', 'read and exit').action(async (options) => {
  const { ingest } = await import('./cli/ingest.ts')
  process.exitCode = await ingest(readConfig(given(options)))
})

answering(
  reading(
    'query',
    "read what changed, answer one query as JSON, and exit: delegraph query '{ sessions { totalCount } }'",
  ),
)
  .argument('[graphql]', 'the query; or --file')
  .option('--file <path>', 'a file with the query; - for the standard input')
  .option('--variables <json>', 'its variables, as a JSON object')
  .option('--no-ingest', 'answer from what was read before')
  .option(
    '--wait <time>',
    `how long to wait while another delegraph reads for the first time (default: ${DEFAULTS.wait})`,
  )
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

reading('doctor', 'say what is found where, what could not be read, and what to do').action(async (options) => {
  const { doctor } = await import('./cli/doctor.ts')
  process.exitCode = await doctor(readConfig(given(options)))
})

/** Commander sets `watch` to true where `--no-watch` is absent: that is no answer of the user's. */
function given({ watch, ...options }: GivenOptions): GivenOptions {
  return watch === false ? { ...options, watch } : options
}

process.stdout.on('error', endUnheard)
// Whom it cannot be told need not be told.
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
    // It has said already what it has to say.
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
  } else {
    const { code, text } = failureOf(error)
    process.stderr.write(`${text}\n`)
    process.exitCode = code
  }
}
