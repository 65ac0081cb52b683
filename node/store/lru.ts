/** A map that forgets the entries used longest ago. */
export interface Lru<K, V> {
  set(key: K, value: V): void;
  /** The entry, or what `make` gives; an undefined result is not kept. */
  getOrMake(key: K, make: () => V | undefined): V | undefined;
}

/** Keeps at most `capacity` entries. */
export function createLru<K, V>(capacity: number): Lru<K, V> {
  const entries = new Map<K, V>();
  const set = (key: K, value: V) => {
    entries.delete(key);
    entries.set(key, value);
    const oldest = entries.keys().next();
    if (entries.size > capacity && !oldest.done) entries.delete(oldest.value);
  };
  return {
    set,
    getOrMake(key, make) {
      const value = entries.get(key) ?? make();
      if (value !== undefined) set(key, value);
      return value;
    },
  };
}
