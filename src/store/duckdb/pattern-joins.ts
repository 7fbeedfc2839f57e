/** Joins for chains in root sessions of ordinary size: two steps are joined by hash on their tree or caller. */
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

/**
 * How two steps are joined: by the ways of their link, or, of `->`, by `next` for pairs that are not parent and child.
 */
export type Join = readonly Way[] | 'next only'

const isTwofold = (join: Join | undefined): boolean => join !== undefined && join[0] === 'child' && join.length === 2

/**
 * Up to this many `->` in a chain are each split into two joins, which is faster; more would be too many combinations.
 */
const MAX_SPLIT = 2

/** Returns alternative joins of a chain; the union of their results contains each match exactly once. */
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
 * Prepares a set of nodes for a join of both halves of `->` at once, over two kinds of key: its left nodes occur under
 * their own id and under their caller, its right nodes under their parent and under their caller. This is a UNION
 * because the planner could not hash by keys that are computed within the join.
 */
export function keyedSql(set: string, before: Join | undefined, after: Join | undefined): string {
  const twice = (of: string, name: string, child: string): string =>
    `(SELECT ${WAY_NUMBERS.child} AS ${name}_way, ${child} AS ${name}_key, * FROM ${of} UNION ALL SELECT ${WAY_NUMBERS.next}, caller, * FROM ${of})`
  const right = isTwofold(before) ? twice(set, 'in', 'parent') : set
  return isTwofold(after) ? twice(right, 'out', 'id') : right
}

/** The condition that joins step i with the step before it. */
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
