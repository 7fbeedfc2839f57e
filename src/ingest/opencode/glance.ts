/**
 * Most bytes of a history are results of tools, of which a trace needs only the tool, its title and its times. These
 * functions read those from the ends of the JSON without parsing what lies between, and only where the text itself
 * proves the answer: on an unknown order of keys, an escape or anything else unexpected they return null, and the
 * caller parses the whole. (Duplicate keys in one object, which JSON.stringify never writes, are not considered.)
 */

/** What the first bytes of a part prove. */
export interface Head {
  type: string
  /** Null unless this is a tool part whose `state` begins within the head and names its status there. */
  tool: string | null
  status: string | null
}

// Members of the root whose values are plain strings. Strings nest nothing, so a key after them is certainly at the
// root.
const STRING = '"[^"\\\\\\x80-\\xff]*"'
const MEMBERS = (not: string) => `(?:"(?!${not}")[^"\\\\\\x80-\\xff]*"\\s*:\\s*${STRING}\\s*,\\s*)*`
const HEAD = new RegExp(`^\\s*\\{\\s*${MEMBERS('type')}"type"\\s*:\\s*"([^"\\\\\\x80-\\xff]*)"`)
const STATE = new RegExp(
  `^\\s*\\{\\s*(${MEMBERS('state')})"state"\\s*:\\s*\\{\\s*${MEMBERS('status')}"status"\\s*:\\s*"([^"\\\\\\x80-\\xff]*)"`,
)
const TOOL = /(?:^|,\s*)"tool"\s*:\s*"([^"]*)"/

/** @param head the first bytes of a part as latin1, complete or cut off anywhere */
export function readHead(head: string): Head | null {
  const type = HEAD.exec(head)?.[1]
  if (type === undefined) return null
  if (type !== 'tool') return { type, tool: null, status: null }
  const state = STATE.exec(head)
  const tool = state === null ? undefined : TOOL.exec(state[1] ?? '')?.[1]
  return { type, tool: tool ?? null, status: tool === undefined ? null : (state?.[2] ?? null) }
}

/** What a completed tool call ends with. */
export interface Ending {
  title: string
  time: unknown
}

const LF = 0x0a

/**
 * Reads a tool part as written by JSON.stringify(…, null, 2): line feeds occur only between values, so the number of
 * spaces after one tells how deep a key is.
 */
export function readPretty(bytes: Buffer, length: number): Ending | null {
  if (
    length < 8 ||
    bytes.toString('latin1', 0, 5) !== '{\n  "' ||
    bytes.toString('latin1', length - 6, length) !== '\n  }\n}'
  )
    return null
  const whole = bytes.subarray(0, length)
  const state = whole.indexOf('\n  "state": {\n')
  if (state < 0) return null
  const end = whole.indexOf('\n  }', state + 1)
  const title = lineOf(whole, '\n    "title": ', state, end)
  const time = blockOf(whole, '\n    "time": {', '\n    }', state, end)
  if (title === null || time === null) return null
  const value = parseOrNull(title.endsWith(',') ? title.slice(0, -1) : title)
  const span = parseOrNull(time)
  return typeof value === 'string' && span !== null ? { title: value, time: span } : null
}

/** The rest of the line that begins with `key`; null unless there is exactly one. */
function lineOf(bytes: Buffer, key: string, from: number, to: number): string | null {
  const at = onlyIndexOf(bytes, key, from, to)
  return at < 0 ? null : bytes.toString('utf8', at + key.length, bytes.indexOf(LF, at + 1))
}

function blockOf(bytes: Buffer, key: string, close: string, from: number, to: number): string | null {
  const at = onlyIndexOf(bytes, key, from, to)
  if (at < 0) return null
  const end = bytes.indexOf(close, at + 1)
  return end < 0 || end > to ? null : bytes.toString('utf8', at + key.length - 1, end + close.length)
}

function onlyIndexOf(bytes: Buffer, key: string, from: number, to: number): number {
  const at = bytes.indexOf(key, from)
  if (at < 0 || at > to) return -1
  const again = bytes.indexOf(key, at + key.length)
  return again >= 0 && again < to ? -1 : at
}

/**
 * Reads the last bytes of a tool part in compact JSON backwards: the end of valid JSON is structure, and the quote that
 * opens a string is the nearest one before its end that no backslash precedes. The root's last member must be the state
 * and not a provider's metadata, which holds only objects, and so no title and no time.
 */
export function readCompactEnd(tail: Buffer): Ending | null {
  const text = tail.toString('latin1')
  if (!text.endsWith('}}')) return null
  let at = text.length - 2
  let time: unknown
  let title: string | null = null
  while (at > 0 && (time === undefined || title === null)) {
    const from = valueStart(text, at)
    if (from === null || text[from - 1] !== ':' || text[from - 2] !== '"') return null
    const key = stringStart(text, from - 1)
    if (key === null) return null
    const name = text.slice(key, from - 1)
    if (name === '"title"') {
      const value = parseOrNull(tail.toString('utf8', from, at))
      if (typeof value !== 'string') return null
      title = value
    } else if (name === '"time"') {
      time = parseOrNull(text.slice(from, at))
      if (time === null) return null
    } else if (name.includes('\\')) return null
    if (text[key - 1] !== ',') break
    at = key - 1
  }
  return time === undefined || title === null ? null : { title, time }
}

/** Index at which the value that ends before `end` begins; null if it begins outside of the text. */
function valueStart(text: string, end: number): number | null {
  const last = text[end - 1]
  if (last === '"') return stringStart(text, end)
  if (last !== '}' && last !== ']') {
    let at = end
    while (at > 0 && /[-+.0-9A-Za-z]/.test(text[at - 1] ?? '')) at--
    return at === 0 || at === end ? null : at
  }
  let depth = 0
  for (let at = end; at > 0; ) {
    const c = text[at - 1]
    if (c === '"') {
      const start = stringStart(text, at)
      if (start === null) return null
      at = start
      continue
    }
    if (c === '}' || c === ']') depth++
    else if ((c === '{' || c === '[') && --depth === 0) return at - 1
    at--
  }
  return null
}

/**
 * Index of the quote that opens the string whose closing quote is right before `end`; null if it is outside of the
 * text.
 */
function stringStart(text: string, end: number): number | null {
  let at = text.lastIndexOf('"', end - 2)
  while (at > 0 && text[at - 1] === '\\') at = text.lastIndexOf('"', at - 1)
  // A quote at the very beginning may have been preceded by a backslash that was cut off.
  return at <= 0 ? null : at
}

function parseOrNull(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}
