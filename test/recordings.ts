/**
 * Recordings of real OpenCode versions: those in `fixtures/`, and those in a `shared/recordings` directory beside the
 * checkout, if there is one. `fixtures/README.md` describes `expected.json`.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const Tokens = {
  calls: z.number(),
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  cached_tokens: z.number(),
  reasoning_tokens: z.number(),
}

const ExpectedNode = z.object({
  key: z.string(),
  kind: z.enum(['turn', 'delegation']),
  session: z.string().nullish(),
  agent: z.string(),
  description: z.string().nullable(),
  prompt: z.string(),
  status: z.enum(['completed', 'error', 'aborted', 'interrupted', 'running']),
  output: z.string().nullable(),
  error: z.string().nullish(),
  tools: z.array(z.string()),
  llm: z.object({ ...Tokens, failed_calls: z.number(), unanswered_calls: z.number() }),
  requests: z.array(
    z.object({
      model: z.string(),
      started: z.number(),
      ended: z.number().nullable(),
      finish: z.string().nullable(),
      prompt_tokens: z.number().optional(),
      completion_tokens: z.number().optional(),
      cached_tokens: z.number().optional(),
      reasoning_tokens: z.number().optional(),
      tools: z.array(z.string()),
    }),
  ),
  started: z.number().optional(),
  ended: z.number().optional(),
  call_id: z.string().nullish(),
  session_id: z.string().nullish(),
  text_key: z.string().optional(),
  resumes: z.string().optional(),
  joins: z.string().optional(),
  in_session_of: z.string().optional(),
  parent_session: z.string().optional(),
  no_session: z.boolean().optional(),
  never_prompted: z.boolean().optional(),
  background: z.boolean().optional(),
  deleted: z.boolean().optional(),
  reverted: z.boolean().optional(),
  command: z.object({ name: z.string(), arguments: z.string() }).optional(),
  notes: z.string().optional(),
  get children() {
    return z.array(ExpectedNode)
  },
})
export type ExpectedNode = z.infer<typeof ExpectedNode>

const Expected = z.object({
  provenance: z.object({ opencode: z.string(), scenario: z.string(), about: z.string(), date: z.string() }),
  totals: z.object({ turns: z.number(), delegations: z.number(), sessions_created: z.number(), ...Tokens }),
  auxiliary_llm: z.record(z.string(), z.object({ ...Tokens, for: z.array(z.string().nullable()) })),
  forks: z.array(z.object({ session: z.string(), of: z.string(), after: z.string() })).optional(),
  reverted: z.array(z.string()).optional(),
  shell_commands: z.array(z.object({ session: z.string(), after: z.string(), command: z.string() })).optional(),
  recorded_by: z.union([z.array(z.string()), z.record(z.string(), z.string())]).optional(),
  turns: z.array(ExpectedNode),
})
export type Expected = z.infer<typeof Expected>

export interface Recording {
  /** `<version>/<scenario>`. */
  name: string
  version: string
  scenario: string
  /** OpenCode's data directory; a copy if it has a database, since SQLite writes files beside one that it reads. */
  data: string
  expected: Expected
}

/** `RECORDINGS=fixtures` leaves out those beside the checkout. */
const BESIDE = process.env.RECORDINGS === 'fixtures' ? [] : ['../../shared/recordings']
const HOMES = ['../fixtures/opencode', ...BESIDE].map((path) => fileURLToPath(new URL(path, import.meta.url)))

/** All recordings, without duplicates. */
export function listRecordings(homes: readonly string[] = HOMES): Recording[] {
  const known = new Set<string>()
  const recordings: Recording[] = []
  for (const home of homes.filter((path) => existsSync(path))) {
    for (const version of directoriesOf(home)) {
      for (const scenario of directoriesOf(join(home, version))) {
        const path = join(home, version, scenario)
        const text = readFileSync(join(path, 'expected.json'), 'utf8')
        if (known.has(text)) continue
        known.add(text)
        const expected = Expected.parse(JSON.parse(text))
        const name = `${version}/${scenario}`
        recordings.push({ name, version, scenario, data: untouched(join(path, 'data')), expected })
      }
    }
  }
  return recordings
}

function untouched(data: string): string {
  if (!existsSync(join(data, 'opencode.db'))) return data
  const copy = join(copies(), String(copied++))
  cpSync(data, copy, { recursive: true })
  return copy
}

let copied = 0
let directory: string | undefined
function copies(): string {
  directory ??= mkdtempSync(join(tmpdir(), 'delegraph-recordings-'))
  return directory
}

function directoriesOf(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}
