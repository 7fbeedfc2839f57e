import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from 'graphql'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'
import type { Context } from '../resolvers/context.ts'
import { nameOf } from './operations.ts'
import { boundedJson, type Written } from './query-limits.ts'

/** Is told what happens, to count it. */
export interface Watcher {
  onSubscriber: (name: string, step: 1 | -1) => void
  onMessage: (name: string) => void
}

/**
 * Subscriptions over server-sent events, which yoga writes. Each event is executed in a context of its own: loaders
 * cache what they read, so a shared context would show the state at the first event forever. The event's cursor, if
 * any, becomes its id, which a browser sends back when it reconnects.
 */
export function useSubscriptions(freshContext: () => Context, maxResponse: number, watcher?: Watcher): Plugin {
  /** Open subscriptions by request. */
  const standing = new WeakMap<Request, AsyncIterator<Written>>()
  return {
    onSubscribe({ args, setSubscribeFn }) {
      const { request } = args.contextValue
      const name = nameOf(args)
      setSubscribeFn(async (given: ExecutionArgs) => {
        const events = await createSourceEventStream(given)
        if (!isAsyncIterable(events)) return events
        const answers = answering(
          events,
          async (event) => {
            const contextValue = { ...args.contextValue, ...freshContext() }
            const result = await execute({ ...given, rootValue: event, contextValue })
            watcher?.onMessage(name)
            return withId(result, event, maxResponse)
          },
          () => watcher?.onSubscriber(name, -1),
        )
        watcher?.onSubscriber(name, 1)
        standing.set(request, answers)
        // Nobody else notices a client that has left without taking what is waiting for it.
        const leave = () => void answers.return?.()
        if (request.signal.aborted) leave()
        else request.signal.addEventListener('abort', leave, { once: true })
        return answers
      })
    },
    onResponse({ request, response }) {
      // A client that does not accept events is refused only now; without this it would stay subscribed for ever.
      if (!response.ok) void standing.get(request)?.return?.()
    },
  }
}

function answering<Event>(
  events: AsyncIterable<Event>,
  answer: (event: Event) => Promise<Written>,
  onEnd: () => void,
): AsyncIterableIterator<Written> {
  const iterator = events[Symbol.asyncIterator]()
  let hasEnded = false
  const end = () => {
    if (!hasEnded) onEnd()
    hasEnded = true
  }
  return {
    async next() {
      const event = await iterator.next()
      if (event.done) end()
      return event.done ? { done: true, value: undefined } : { done: false, value: await answer(event.value) }
    },
    async return() {
      end()
      await iterator.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** Yoga writes one `data:` line from what `stringify` returns; a second line appended to it sets the event's id. */
function withId(result: ExecutionResult, event: unknown, maxResponse: number): Written {
  const cursor = typeof event === 'object' && event !== null && 'cursor' in event ? event.cursor : null
  const id = cursor === null ? '' : `\nid: ${cursor}`
  return { ...result, stringify: (of) => `${boundedJson(of, maxResponse)}${id}` }
}
