#!/usr/bin/env node
/** The command. Each subcommand is a file in `cli/`, loaded when it is asked for. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { EXIT, failureOf } from './cli/exit.ts'
import { printable } from './cli/printable.ts'
import { type GivenOptions, readConfig } from './config.ts'

const version =
  /"version": "([^"]+)"/.exec(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))?.[1] ?? ''

const program = new Command('delegraph')
  .description("Who called whom, with which prompt, and what it cost: OpenCode's delegations as a GraphQL API.")
  .version(version, '-V, --version', 'say the version')
  .helpOption('-h, --help', 'say this')
  .helpCommand(false)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    `
Every option is a variable, too: --stale-after is DELEGRAPH_STALE_AFTER, --no-watch is DELEGRAPH_WATCH=false.
"delegraph <command> --help" lists the options of a command.

Exit codes: 0 done; 1 the answer has errors, or doctor found trouble; 2 used wrongly; 3 could not be done.`,
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
    .option('--stale-after <time>', 'how long a silent run counts as running (default: 10m)')
    .exitOverride()
}

reading('serve', 'read, then answer under http://127.0.0.1:4000/graphql (the default command)', true)
  .option('--port <number>', 'the port to listen on; 0 takes a free one (default: 4000)')
  .option('--host <name>', 'the address to listen on (default: 127.0.0.1)')
  .option('--token <text>', 'whoever asks must send it as "Authorization: Bearer <text>"')
  .option('--no-watch', 'read once, and not again when something changes')
  .option('--open', 'open GraphiQL in the browser')
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

reading('query', "read what changed, answer one query as JSON, and exit: delegraph query '{ sessions { totalCount } }'")
  .argument('[graphql]', 'the query; or --file')
  .option('--file <path>', 'a file with the query; - for the standard input')
  .option('--variables <json>', 'its variables, as a JSON object')
  .option('--no-ingest', 'answer from what was read before')
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
    process.stdout.write(printWholeSchema())
  })

reading('doctor', 'say what is found where, what could not be read, and what to do').action(async (options) => {
  const { doctor } = await import('./cli/doctor.ts')
  process.exitCode = await doctor(readConfig(given(options)))
})

/** Commander sets `watch` to true where `--no-watch` is absent: that is no answer of the user's. */
function given({ watch, ...options }: GivenOptions): GivenOptions {
  return watch === false ? { ...options, watch } : options
}

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
