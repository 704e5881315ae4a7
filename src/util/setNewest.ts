// setNewest: a Map as a memory of limited size, the newest last.

/** Puts `value` last; of more than `most` the oldest are forgotten. */
export function setNewest<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const [oldest] of map) {
    if (map.size <= most) break;
    map.delete(oldest);
  }
}
