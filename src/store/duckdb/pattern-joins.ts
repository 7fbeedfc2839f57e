/** Chains in root sessions of ordinary size: two steps are joined by hash over their tree or their caller. */
import type { Way } from '../../pattern/plan.ts'
import { relatedSql, WAY_NUMBERS } from './pattern-nodes.ts'

export function antiJoins(set: string, ways: readonly Way[], left: string, right: string, other: string): string {
  return ways
    .map((way, i) => {
      const alias = `${other}${i}`
      const rename = (side: string): string => (side === other ? alias : side)
      return ` ANTI JOIN ${set} ${alias} ON ${relatedSql(way, rename(left), rename(right))}`
    })
    .join('')
}

export const inScopeSql = (set: string, scope: string): string =>
  `(SELECT y.* FROM ${set} y SEMI JOIN ${scope} z ON z.id = y.root)`

/** How two steps are joined: by the ways of their link, or by the one half of `->` that is not the other already. */
export type Join = readonly Way[] | 'next only'

const isTwofold = (join: Join | undefined): boolean => join !== undefined && join[0] === 'child' && join.length === 2

/** Up to so many `->` in a chain are joined half by half, which is quicker; more would be too many combinations. */
const MAX_SPLIT = 2

/** Joins whose results together are the matches, each once. */
export function joinsOf(links: readonly (readonly Way[])[]): Join[][] {
  if (links.filter(isTwofold).length > MAX_SPLIT) return [[...links]]
  let all: Join[][] = [[]]
  for (const link of links) {
    const halves: Join[] = isTwofold(link) ? [['child'], 'next only'] : [link]
    all = all.flatMap((joins) => halves.map((half) => [...joins, half]))
  }
  return all
}

/**
 * Both halves of `->` in one join over two kinds of key: its left nodes stand in it under their own id and under their
 * caller, its right ones under their parent and under their caller. As a union, since keys that were made in the join
 * itself would leave the planner nothing to hash by.
 */
export function keyedSql(set: string, before: Join | undefined, after: Join | undefined): string {
  const twice = (of: string, name: string, child: string): string =>
    `(SELECT ${WAY_NUMBERS.child} AS ${name}_way, ${child} AS ${name}_key, * FROM ${of} UNION ALL SELECT ${WAY_NUMBERS.next}, caller, * FROM ${of})`
  const right = isTwofold(before) ? twice(set, 'in', 'parent') : set
  return isTwofold(after) ? twice(right, 'out', 'id') : right
}

/** Of step i with the one before it. */
export function joinConditionSql(join: Join, i: number): string {
  const [a, b] = [`x${i - 1}`, `x${i}`]
  const nextOnly = `${relatedSql('next', a, b)} AND ${b}.parent IS DISTINCT FROM ${a}.id`
  if (join === 'next only') return nextOnly
  const [first, second] = join
  if (first === undefined) return 'false'
  if (second === undefined) return relatedSql(first, a, b)
  if (!isTwofold(join)) {
    return `${b}.root = ${a}.root AND ((${relatedSql(first, a, b)}) OR (${relatedSql(second, a, b)}))`
  }
  return `${b}.in_way = ${a}.out_way AND ${b}.in_key = ${a}.out_key
    AND (${a}.out_way = ${WAY_NUMBERS.child} OR (${nextOnly}))`
}
