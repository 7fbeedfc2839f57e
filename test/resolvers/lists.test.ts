import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listAtHand, storedList } from '../../src/resolvers/connection.ts'
import { isWhole, listPage, wholePage } from '../../src/resolvers/page-args.ts'
import type { PageArgs } from '../../src/store/store.ts'

describe('the arguments of a page', () => {
  it('are 50 from the beginning, unless said otherwise', () => {
    expect(listPage({})).toEqual({ first: 50 })
    expect(listPage({ first: null, last: 20, before: 'c' })).toEqual({ last: 20, before: 'c' })
    expect(listPage({ first: 500, after: 'c' })).toEqual({ first: 500, after: 'c' })
  })

  it('are everything, where a list belongs to one thing', () => {
    expect(isWhole(wholePage({}))).toBe(true)
    expect(wholePage({ first: 9000 })).toEqual({ first: 9000 })
    expect(isWhole(wholePage({ after: 'c' }))).toBe(false)
  })

  it('are refused by name', () => {
    const refusal = (given: Parameters<typeof listPage>[0]) => {
      try {
        listPage(given)
      } catch (error) {
        return error
      }
      return null
    }
    expect(refusal({ first: -1 })).toMatchObject({ code: 'BAD_USER_INPUT', details: { argument: 'first' } })
    expect(refusal({ last: 501 })).toMatchObject({ code: 'BAD_USER_INPUT', details: { argument: 'last', limit: 500 } })
    expect(refusal({ first: 1, last: 1 })).toMatchObject({ details: { argument: 'last' } })
  })
})

describe('a list at hand', () => {
  const list = (length: number) => Array.from({ length }, (_, i) => `item ${i}`)
  const page = (all: string[], args: PageArgs) =>
    listAtHand(
      args,
      async () => all,
      (item) => item,
    ).page()

  it('is walked through page by page in both directions, each item once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(30), fc.integer({ min: 1, max: 7 }), async (length, size) => {
        const all = list(length)
        const forward: string[] = []
        let after: string | null = null
        for (let more = true; more; ) {
          const { items, hasNextPage }: Awaited<ReturnType<typeof page>> = await page(all, { first: size, after })
          forward.push(...items.map((item) => item.node))
          after = items.at(-1)?.cursor ?? null
          more = hasNextPage
        }
        expect(forward).toEqual(all)
        const backward: string[] = []
        let before: string | null = null
        for (let more = true; more; ) {
          const { items, hasPreviousPage }: Awaited<ReturnType<typeof page>> = await page(all, { last: size, before })
          backward.unshift(...items.map((item) => item.node))
          before = items[0]?.cursor ?? null
          more = hasPreviousPage
        }
        expect(backward).toEqual(all)
      }),
    )
  })

  it('can be asked for nothing but whether there is more', async () => {
    expect(await page(list(2), { first: 0 })).toEqual({ items: [], hasNextPage: true, hasPreviousPage: false })
    expect(await page([], {})).toEqual({ items: [], hasNextPage: false, hasPreviousPage: false })
  })
})

describe('a list in the store', () => {
  it('is read once, however often it is looked at, and counted only when asked', async () => {
    const calls: string[] = []
    const connection = storedList(
      { first: 2 },
      async () => {
        calls.push('read')
        return { items: [], hasNextPage: false, hasPreviousPage: false }
      },
      async () => {
        calls.push('count')
        return 0
      },
    )
    await Promise.all([connection.page(), connection.page()])
    expect(calls).toEqual(['read'])
    await connection.total()
    expect(calls).toEqual(['read', 'count'])
  })

  it('gives an empty page for zero, and looks whether there is one item', async () => {
    const asked: PageArgs[] = []
    const read = async (args: PageArgs) => {
      asked.push(args)
      return { items: [{ node: 'a', cursor: 'a' }], hasNextPage: true, hasPreviousPage: true }
    }
    const none = storedList({ first: 0 }, read, async () => 9)
    expect(await none.page()).toEqual({ items: [], hasNextPage: true, hasPreviousPage: false })
    expect(asked).toEqual([{ first: 1 }])
  })

  it('says of an empty page what is beyond its cursors, as a list at hand does', async () => {
    const all = ['a', 'b', 'c']
    const read = async (args: PageArgs) =>
      listAtHand(
        args,
        async () => all,
        (item) => item,
      ).page()
    for (const size of [{ first: 0 }, { last: 0 }]) {
      for (const cursor of [{ after: 'a' }, { after: 'c' }, { before: 'a' }, { before: 'c' }]) {
        const args = { ...size, ...cursor }
        expect(await storedList(args, read, async () => 3).page(), JSON.stringify(args)).toEqual(await read(args))
      }
    }
  })
})
