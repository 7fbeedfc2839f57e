/**
 * Who does the reading: worker threads, or (in tests, and where there is nothing to gain) the main thread itself. What a
 * worker has ready is fetched in pieces, one at a time: receiving them must not hold up the server, and what is not yet
 * fetched waits in the worker.
 */
import { constants, setPriority } from 'node:os'
import { Worker } from 'node:worker_threads'
import { createPace } from '../pace.ts'
import { pathInPackage } from '../package.ts'
import type { Trace } from '../records.ts'
import {
  type Answer,
  createReader,
  type FamilyAnswer,
  type FamilyRequest,
  type ListAnswer,
  type ListRequest,
  type Reader,
  type Request,
  type SignatureAnswer,
  type SignatureRequest,
  weightOfTrace,
} from './reader.ts'

export interface Hand {
  list(request: ListRequest): Promise<ListAnswer>
  signatures(request: SignatureRequest): Promise<SignatureAnswer>
  families(request: FamilyRequest): Promise<FamilyAnswer[]>
  rest(): Promise<void>
  /**
   * From now on, whoever asks and what is saved comes first. For a reading that takes all processors: the longest wait
   * for an answer is a third then. There is no way back; a hand that gave way is not for what has to be seen at once.
   */
  giveWay(): Promise<void>
  /** Ends what is being read, which rejects, closes the files, and lets the hand go. */
  dismiss(): Promise<void>
}

const stopped = (): Error => new Error('reading was stopped')

// ---------------------------------------------------------------- the main thread itself

export function localHand(): Hand {
  const reader = createReader()
  let isDismissed = false
  const mayGoOn = () => !isDismissed
  return {
    list: (request) => inSteps(reader.list(request), mayGoOn),
    signatures: (request) => inSteps(reader.signatures(request), mayGoOn),
    families: (request) => inSteps(reader.families(request), mayGoOn),
    rest: async () => reader.rest(),
    giveWay: async () => {},
    dismiss: async () => {
      isDismissed = true
      reader.close()
    },
  }
}

async function inSteps<T>(steps: Generator<void, T>, mayGoOn: () => boolean): Promise<T> {
  const pace = createPace(1)
  for (;;) {
    if (!mayGoOn()) throw stopped()
    const step = steps.next()
    if (step.done) return step.value
    if (pace.isDue()) await pace.rest()
  }
}

// ---------------------------------------------------------------- a worker thread

/** In characters: what is received in one go. */
const PIECE = 400_000

type Message = { id: number; request: Request | 'more' | 'rest' | 'give way' }
type Reply = { id: number; piece: Piece | null; failure: string | null }
type Piece =
  | { kind: 'whole'; answer: Answer | null }
  /** The families as far as they go; `traces` belong to the one before. */
  | { kind: 'part'; items: (FamilyAnswer | { traces: Trace[] })[]; more: boolean }

export function workerHand(): Hand {
  // Reading makes much garbage. A small nursery, and a limit within which V8 grows a heap carefully: a third less memory.
  const resourceLimits = { maxYoungGenerationSizeMb: 12, maxOldGenerationSizeMb: 2000 }
  /** Its one number is 1 as soon as nothing more is to be read. */
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(pathInPackage('dist/ingest/worker.js'), { resourceLimits, workerData: stop })
  const waiting = new Map<number, { resolve: (piece: Piece | null) => void; reject: (error: Error) => void }>()
  let lastId = 0
  let dead: Error | null = null
  let leaving: Promise<void> | null = null

  const die = (error: Error) => {
    dead = error
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.on('message', ({ id, piece, failure }: Reply) => {
    const waiter = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) worker.unref()
    if (failure === null) waiter?.resolve(piece)
    else waiter?.reject(new Error(failure))
  })
  worker.on('error', (error) => die(error instanceof Error ? error : new Error(String(error))))
  worker.on('exit', (code) => die(new Error(`a reading thread ended (${code})`)))
  worker.unref()

  const ask = (request: Message['request'], of = ++lastId): Promise<Piece | null> =>
    new Promise((resolve, reject) => {
      if (dead !== null) {
        reject(dead)
        return
      }
      waiting.set(of, { resolve, reject })
      worker.ref()
      const message: Message = { id: of, request }
      worker.postMessage(message)
    })
  const whole = async (request: Request): Promise<Answer | null> => {
    const piece = await ask(request)
    return piece?.kind === 'whole' ? piece.answer : null
  }

  return {
    async list(request) {
      const answer = await whole(request)
      if (answer === null || !('failure' in answer)) throw new Error('not a listing')
      return answer
    },
    async signatures(request) {
      const answer = await whole(request)
      if (answer === null || !('signatures' in answer)) throw new Error('not signatures')
      return answer
    },
    async families(request) {
      const id = ++lastId
      const answers: FamilyAnswer[] = []
      for (let piece = await ask(request, id); piece?.kind === 'part'; piece = await ask('more', id)) {
        for (const item of piece.items) {
          if ('traces' in item) answers.at(-1)?.forest?.traces.push(...item.traces)
          else answers.push(item)
        }
        if (!piece.more) break
        // A turn of the loop for everybody else between two pieces.
        await new Promise((resolve) => setImmediate(resolve))
      }
      return answers
    },
    async rest() {
      await ask('rest')
    },
    async giveWay() {
      await ask('give way')
    },
    dismiss() {
      leaving ??= leave()
      return leaving
    },
  }

  /**
   * A thread that is ended while SQLite's machine code runs in it takes the process along: first it comes to rest. One
   * that does not within the time is left to itself; nothing waits for it, and it ends after the step that it is in.
   */
  async function leave(): Promise<void> {
    Atomics.store(stop, 0, 1)
    const left = ask('rest').then(
      () => worker.terminate(),
      // It has ended already, or was given up.
      () => {},
    )
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LEAVE_WITHIN_MS)
    })
    await Promise.race([left, late])
    clearTimeout(timer)
    die(stopped())
  }
}

const LEAVE_WITHIN_MS = 1000

interface Port {
  postMessage(reply: Reply): void
  on(event: 'message', use: (m: Message) => void): unknown
}

/** The worker's side. */
export function answerIn(port: Port, stop: Int32Array): void {
  const reader = createReader()
  const ready = new Map<number, Generator<Piece>>()
  port.on('message', ({ id, request }) => {
    try {
      port.postMessage({ id, piece: nextPiece(id, request, reader, ready, stop), failure: null })
    } catch (error) {
      port.postMessage({ id, piece: null, failure: error instanceof Error ? error.message : String(error) })
    }
  })
}

function nextPiece(
  id: number,
  request: Message['request'],
  reader: Reader,
  ready: Map<number, Generator<Piece>>,
  stop: Int32Array,
): Piece {
  if (request === 'rest') {
    reader.rest()
    return { kind: 'whole', answer: null }
  }
  if (request === 'give way') {
    giveWay()
    return { kind: 'whole', answer: null }
  }
  if (request !== 'more') {
    if (request.kind === 'list') return { kind: 'whole', answer: atOnce(reader.list(request), stop) }
    if (request.kind === 'signatures') return { kind: 'whole', answer: atOnce(reader.signatures(request), stop) }
    ready.set(id, inPieces(atOnce(reader.families(request), stop)))
  }
  const next = ready.get(id)?.next()
  if (next === undefined || next.done) return { kind: 'part', items: [], more: false }
  if (next.value.kind === 'part' && !next.value.more) ready.delete(id)
  return next.value
}

/** Linux alone knows priorities of threads; elsewhere it would be the whole process that gives way. */
function giveWay(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // A container may forbid it; reading goes on as it is.
  }
}

function* inPieces(answers: FamilyAnswer[]): Generator<Piece> {
  let items: (FamilyAnswer | { traces: Trace[] })[] = []
  let weight = 0
  for (const answer of answers) {
    const traces = answer.forest?.traces ?? []
    items.push(answer.forest === null ? answer : { ...answer, forest: { ...answer.forest, traces: [] } })
    weight += 300 * answer.notes.length + 500 * (answer.forest?.sessions.length ?? 0)
    let from = 0
    for (const [i, trace] of traces.entries()) {
      weight += weightOfTrace(trace)
      if (weight < PIECE) continue
      items.push({ traces: traces.slice(from, i + 1) })
      yield { kind: 'part', items, more: true }
      from = i + 1
      items = []
      weight = 0
    }
    if (from < traces.length) items.push({ traces: traces.slice(from) })
  }
  yield { kind: 'part', items, more: false }
}

function atOnce<T>(steps: Generator<void, T>, stop: Int32Array): T {
  for (;;) {
    if (Atomics.load(stop, 0) === 1) throw stopped()
    const step = steps.next()
    if (step.done) return step.value
  }
}
