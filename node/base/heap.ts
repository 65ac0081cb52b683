/** A priority queue: `pop` gives the item that `before` puts in front of all others. */
export interface Heap<T> {
  push(item: T): void;
  pop(): T | undefined;
  readonly size: number;
}

/** A binary heap; `before(a, b)` is true when `a` comes out first. */
export function createHeap<T>(before: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = [];
  const swap = (i: number, j: number) => {
    [items[i], items[j]] = [items[j]!, items[i]!];
  };
  const firstOf = (i: number, j: number) => (j < items.length && before(items[j]!, items[i]!) ? j : i);
  return {
    get size() {
      return items.length;
    },
    push(item) {
      let at = items.push(item) - 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!before(items[at]!, items[parent]!)) return;
        swap(at, parent);
        at = parent;
      }
    },
    pop() {
      const top = items[0];
      const last = items.pop();
      if (items.length === 0 || last === undefined) return top;
      items[0] = last;
      for (let at = 0; ; ) {
        const next = firstOf(firstOf(at, 2 * at + 1), 2 * at + 2);
        if (next === at) return top;
        swap(at, next);
        at = next;
      }
    },
  };
}
