/** Adds to the list that a key has in a map, which begins empty. */
export function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** `Map.groupBy`, which Node 20 has not. */
export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) pushTo(groups, keyOf(item), item)
  return groups
}

/** The place of the first, from `start` on, whose number is at least `least`, of items in the order of their numbers. */
export function firstFrom<T>(items: readonly T[], least: number, numberOf: (item: T) => number, start = 0): number {
  let low = start
  let high = items.length
  while (low < high) {
    const mid = (low + high) >> 1
    const item = items[mid]
    if (item !== undefined && numberOf(item) < least) low = mid + 1
    else high = mid
  }
  return low
}
