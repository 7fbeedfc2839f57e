import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type DrawnEdge,
  type DrawnNode,
  type FlowEdge,
  type FlowNode,
  NODE,
} from '../../dashboard/views/flow/drawing.ts'
import { draw } from '../../dashboard/views/flow/layout.ts'
import { strongest } from '../../dashboard/views/flow/strongest.ts'

const NO_TOKENS = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0, total: 0 }
const node = (agent: string): FlowNode => ({
  agent,
  invocations: 1,
  errors: 0,
  own: { cost: 0, llmCalls: 0, tokensIn: 0, tokensOut: 0, tokens: NO_TOKENS },
  activeMs: 0,
})
const edge = (from: string, to: string, kind: FlowEdge['kind']): FlowEdge => ({
  from,
  to,
  kind,
  count: 1,
  errors: 0,
  medianGapMs: null,
})

/** Points along a path of cubic curves. */
function placesOn({ path }: DrawnEdge): { x: number; y: number }[] {
  const [x0 = 0, y0 = 0, ...rest] = (path.match(/-?[\d.]+/g) ?? []).map(Number)
  const places = [{ x: x0, y: y0 }]
  let [fromX, fromY] = [x0, y0]
  for (let at = 0; at < rest.length; at += 6) {
    const [ax = 0, ay = 0, bx = 0, by = 0, x = 0, y = 0] = rest.slice(at, at + 6)
    for (let step = 1; step <= 20; step++) {
      const t = step / 20
      const along = (p: number, q: number, r: number, s: number) =>
        (1 - t) ** 3 * p + 3 * (1 - t) ** 2 * t * q + 3 * (1 - t) * t ** 2 * r + t ** 3 * s
      places.push({ x: along(fromX, ax, bx, x), y: along(fromY, ay, by, y) })
    }
    fromX = x
    fromY = y
  }
  return places
}

const isInside = ({ left, top }: DrawnNode, { x, y }: { x: number; y: number }): boolean =>
  x > left + 1 && x < left + NODE.width - 1 && y > top + 1 && y < top + NODE.height - 1

const isAt = ({ left, top }: DrawnNode, place: { x: number; y: number } | undefined): boolean =>
  place !== undefined &&
  Math.min(Math.abs(place.x - left), Math.abs(place.x - left - NODE.width)) < 0.1 &&
  place.y > top &&
  place.y < top + NODE.height

interface Box {
  left: number
  top: number
  width: number
  height: number
}

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height

describe('what is drawn of many edges', () => {
  it('are the most frequent ones, and the most frequent of each agent that would stand alone', () => {
    const many = [
      { ...edge('a', 'b', 'DELEGATED'), count: 90 },
      { ...edge('a', 'a', 'FOLLOWED'), count: 80 },
      { ...edge('b', 'a', 'FOLLOWED'), count: 7 },
      { ...edge('c', 'c', 'FOLLOWED'), count: 6 },
      { ...edge('a', 'c', 'FOLLOWED'), count: 2 },
      { ...edge('b', 'c', 'DELEGATED'), count: 5 },
    ]
    expect(strongest(many, 2).map(({ count }) => count)).toEqual([90, 80, 5])
    expect(strongest(many, 6)).toBe(many)
  })
})

describe('the lines of the diagram', () => {
  const agents = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const edges = fc.uniqueArray(
    fc.tuple(
      fc.constantFrom(...agents),
      fc.constantFrom(...agents),
      fc.constantFrom<FlowEdge['kind']>('DELEGATED', 'FOLLOWED'),
    ),
    { maxLength: 25, selector: (of) => of.join(' ') },
  )

  it('lead from the side of one box to the side of the other, and through no box', () => {
    fc.assert(
      fc.property(edges, (some) => {
        const drawing = draw(
          agents.map(node),
          some.map(([from, to, kind]) => edge(from, to, kind)),
          () => '3× +1.2s',
        )
        expect(drawing.edges).toHaveLength(some.length)
        for (const line of drawing.edges) {
          const { from, to } = line.edge
          if (from === to) continue
          const places = placesOn(line)
          const crossed = drawing.nodes.filter((box) => places.some((place) => isInside(box, place)))
          expect(crossed.map((box) => box.node.agent)).toEqual([])
          const boxOf = (agent: string) => drawing.nodes.filter((box) => box.node.agent === agent)
          expect(boxOf(from).every((box) => isAt(box, places[0]))).toBe(true)
          expect(boxOf(to).every((box) => isAt(box, places.at(-1)))).toBe(true)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('lead through no label, and no label covers another or a box, however long they are', () => {
    const texts = fc.infiniteStream(fc.constantFrom('1×', '3× +1.2s', '1.2K× +15m 7s ✕120'))
    fc.assert(
      fc.property(edges, texts, (some, text) => {
        const all = some.map(([from, to, kind]) => edge(from, to, kind))
        const labels = new Map(all.map((each) => [each, text.next().value ?? '']))
        const drawing = draw(agents.map(node), all, (each) => labels.get(each) ?? '')
        const boxes = drawing.nodes.map(({ left, top }) => ({ left, top, ...NODE }))
        const texted = drawing.edges.map(({ edge: each, label: { x, y } }) => {
          const width = (labels.get(each) ?? '').length * 6.6
          return { edge: each, left: x - width / 2, top: y - 8, width, height: 16 }
        })
        texted.forEach((label, index) => {
          for (const other of [...texted.slice(index + 1), ...boxes]) expect(overlap(label, other)).toBe(false)
          if (label.edge.from === label.edge.to) return
          const crossing = drawing.edges.filter(
            (line) =>
              line.edge !== label.edge &&
              line.edge.from !== line.edge.to &&
              placesOn(line).some((place) => overlap(label, { left: place.x, top: place.y, width: 0, height: 0 })),
          )
          expect(crossing.map((line) => line.edge)).toEqual([])
        })
      }),
      { numRuns: 100 },
    )
  })

  it('lead from and to agents of whatever name', () => {
    for (const [from, to] of [
      ['constructor', '__proto__'],
      ['hasOwnProperty', ''],
      ['\u0000', 'a\u0001b'],
    ] as const) {
      const drawing = draw(
        [from, to].map(node),
        [edge(from, to, 'DELEGATED'), edge(to, from, 'FOLLOWED'), edge(from, from, 'FOLLOWED')],
        () => '1×',
      )
      const places = drawing.nodes.map(({ left, top }) => `${left} ${top}`)
      expect(new Set(places).size).toBe(2)
      for (const { path } of drawing.edges) expect(path).toMatch(/^M[\d.]+ [\d.]+ C/)
    }
  })

  it('keep their order when an agent calls itself', () => {
    const some = [edge('a', 'a', 'DELEGATED'), edge('a', 'b', 'DELEGATED'), edge('b', 'b', 'FOLLOWED')]
    expect(draw(['a', 'b'].map(node), some, () => '1×').edges.map((line) => line.edge)).toEqual(some)
  })
})
