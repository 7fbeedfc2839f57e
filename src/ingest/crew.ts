/**
 * Runs the reader in worker threads or, in tests and where a thread gains nothing, on the main thread. A worker
 * transfers what it has built as bytes, without copying them, because receiving them must not hold up the server.
 */
import { constants, setPriority } from 'node:os'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../errors.ts'
import { atMost, createPace } from '../pace.ts'
import { pathInPackage } from '../package.ts'
import { buffersOf, packForest } from '../store/packing/rows.ts'
import { createReader, type Reader } from './reader.ts'
import type {
  Answer,
  BuildRequest,
  ChangesAnswer,
  ChangesRequest,
  DigestAnswer,
  DigestRequest,
  FamilyAnswer,
  FamilyRequest,
  ListAnswer,
  ListRequest,
  Request,
} from './requests.ts'

export interface Hand {
  list(request: ListRequest): Promise<ListAnswer>
  changes(request: ChangesRequest): Promise<ChangesAnswer>
  families(request: FamilyRequest): Promise<FamilyAnswer[]>
  digests(request: DigestRequest): Promise<DigestAnswer>
  build(request: BuildRequest): Promise<FamilyAnswer>
  rest(): Promise<void>
  /**
   * Lowers the priority of the reading thread, so that answering requests and saving come first. Meant for a run that
   * uses all processors: measured, the longest wait for an answer drops to a third. The priority cannot be raised
   * again, so such a hand is dismissed after the run: writes that somebody is watching have to be read at once.
   */
  giveWay(): Promise<void>
  /** Stops the current reading, whose promise rejects, closes the files and ends the thread. */
  dismiss(): Promise<void>
}

const stopped = (): Error => new Error('reading was stopped')

// ---------------------------------------------------------------- on the main thread

export function localHand(): Hand {
  const reader = createReader((forest) => forest)
  let isDismissed = false
  const mayGoOn = () => !isDismissed
  return {
    list: (request) => inSteps(reader.list(request), mayGoOn),
    changes: (request) => inSteps(reader.changes(request), mayGoOn),
    families: (request) => inSteps(reader.families(request), mayGoOn),
    digests: (request) => inSteps(reader.digests(request), mayGoOn),
    build: (request) => inSteps(reader.build(request), mayGoOn),
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

// ---------------------------------------------------------------- in a worker thread

type Message = { id: number; request: Request | 'rest' | 'give way' }
type Reply = { id: number; answer: Answer | null; failure: string | null }

export function workerHand(): Hand {
  // Reading produces much garbage. A small young generation, and an old-generation limit that makes V8 grow the heap
  // cautiously, save a third of the memory.
  const resourceLimits = { maxYoungGenerationSizeMb: 6, maxOldGenerationSizeMb: 2000 }
  /** A single flag, shared with the worker: 1 tells it to stop reading. */
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(pathInPackage('dist/ingest/worker.js'), { resourceLimits, workerData: stop })
  const waiting = new Map<number, { resolve: (answer: Answer | null) => void; reject: (error: Error) => void }>()
  let lastId = 0
  let dead: Error | null = null
  let leaving: Promise<void> | null = null

  /** @param exceptId the one request that stays pending */
  const die = (error: Error, exceptId?: number) => {
    dead = error
    for (const [id, { reject }] of waiting) {
      if (id === exceptId) continue
      waiting.delete(id)
      reject(error)
    }
  }
  worker.on('message', ({ id, answer, failure }: Reply) => {
    const waiter = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) worker.unref()
    if (failure === null) waiter?.resolve(answer)
    else waiter?.reject(new Error(failure))
  })
  worker.on('error', (error) => die(error instanceof Error ? error : new Error(String(error))))
  worker.on('exit', (code) =>
    die(dead ?? (leaving === null ? new Error(`a reading thread exited unexpectedly (${code})`) : stopped())),
  )
  worker.unref()

  const ask = (request: Message['request']): Promise<Answer | null> =>
    new Promise((resolve, reject) => {
      if (dead !== null) {
        reject(dead)
        return
      }
      const message: Message = { id: ++lastId, request }
      waiting.set(message.id, { resolve, reject })
      worker.ref()
      const moved = typeof request === 'object' && request.kind === 'build' ? request.digests : []
      worker.postMessage(
        message,
        moved.map((portion) => portion.buffer),
      )
    })
  const asking =
    <T extends Answer>(isAnswer: (answer: Answer) => answer is T) =>
    async (request: Request): Promise<T> => {
      const answer = await ask(request)
      if (answer === null || !isAnswer(answer))
        throw new Error(`unexpected answer from a reading thread: ${request.kind}`)
      return answer
    }

  return {
    list: asking((answer): answer is ListAnswer => 'serial' in answer),
    changes: asking((answer): answer is ChangesAnswer => 'changedIds' in answer),
    families: asking((answer): answer is FamilyAnswer[] => Array.isArray(answer)),
    digests: asking((answer): answer is DigestAnswer => 'digests' in answer),
    build: asking((answer): answer is FamilyAnswer => 'forest' in answer),
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
   * Terminating a thread while SQLite's native code runs in it crashes the process, so the worker comes to rest first.
   * If that takes longer than `LEAVE_WITHIN_MS`, the caller stops waiting, and the worker is terminated after its
   * current step.
   */
  async function leave(): Promise<void> {
    Atomics.store(stop, 0, 1)
    const rested = ask('rest')
    const restId = lastId
    const left = rested.then(
      () => worker.terminate(),
      // The worker has ended already.
      () => {},
    )
    await atMost(LEAVE_WITHIN_MS, left)
    die(stopped(), restId)
  }
}

const LEAVE_WITHIN_MS = 1000

interface Port {
  postMessage(reply: Reply, moved: readonly ArrayBuffer[]): void
  on(event: 'message', use: (m: Message) => void): unknown
}

/** Answers requests; runs in the worker. */
export function answerIn(port: Port, stop: Int32Array): void {
  // Each trace is released as soon as it is packed: texts and bytes together would take twice the memory of a large
  // tree.
  const reader = createReader(({ traces, ...forest }) => packForest({ ...forest, traces: lettingGo(traces) }))
  port.on('message', ({ id, request }) => {
    try {
      const answer = answerTo(request, reader, stop)
      port.postMessage({ id, answer, failure: null }, answer === null ? [] : movedWith(answer))
      if (getHeapStatistics().total_heap_size > LARGE_HEAP) setImmediate(collectGarbage)
    } catch (error) {
      port.postMessage({ id, answer: null, failure: messageOf(error) }, [])
    }
  })
}

/** Yields the items in order and removes each from the array. */
function* lettingGo<T>(items: T[]): Generator<T> {
  items.reverse()
  for (let item = items.pop(); item !== undefined; item = items.pop()) yield item
}

/**
 * Heap size in bytes above which garbage is collected after a request. What a thread keeps between requests is less
 * than half of it.
 */
const LARGE_HEAP = 128 * 1024 * 1024

/**
 * The objects from which a tree of ten thousand sessions was built are garbage once the tree is handed over, just when
 * saving it needs the most memory. V8 on its own would collect them only after the heap had doubled.
 */
function collectGarbage(): void {
  // Only contexts created after the flag is set have `gc`.
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
}

function answerTo(request: Message['request'], reader: Reader, stop: Int32Array): Answer | null {
  if (request === 'rest') {
    reader.rest()
    return null
  }
  if (request === 'give way') {
    giveWay()
    return null
  }
  switch (request.kind) {
    case 'list':
      return atOnce(reader.list(request), stop)
    case 'changes':
      return atOnce(reader.changes(request), stop)
    case 'families':
      return atOnce(reader.families(request), stop)
    case 'digests':
      return atOnce(reader.digests(request), stop)
    case 'build':
      return atOnce(reader.build(request), stop)
  }
}

/** The buffers of an answer that are transferred rather than copied. */
function movedWith(answer: Answer): ArrayBuffer[] {
  if ('digests' in answer) return answer.digests === null ? [] : [answer.digests.buffer]
  const families = Array.isArray(answer) ? answer : 'forest' in answer ? [answer] : []
  return families.flatMap(({ forest }) => (forest !== null && 'kind' in forest ? buffersOf(forest) : []))
}

/** Only Linux has priorities per thread; elsewhere this would lower the priority of the whole process. */
function giveWay(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // A container may forbid it; reading then goes on at normal priority.
  }
}

function atOnce<T>(steps: Generator<void, T>, stop: Int32Array): T {
  for (;;) {
    if (Atomics.load(stop, 0) === 1) throw stopped()
    const step = steps.next()
    if (step.done) return step.value
  }
}
