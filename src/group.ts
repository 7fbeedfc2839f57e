/** Appends to the list under a key of a map, creating the list if the key is new. */
export function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** `Map.groupBy`, which Node 20 lacks. */
export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) pushTo(groups, keyOf(item), item)
  return groups
}

/**
 * Binary search: the index, from `start` on, of the first item whose number is at least `least`, or `items.length`. The
 * items must be sorted by that number.
 */
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
