const FIRST_CAPACITY = 1 << 12;
/** Words of a key that are kept: 128 bits, so that nobody can make two keys that look alike. */
const WORDS = 4;
const BYTES = WORDS * 4;

/** A set of hashes that takes about 32 bytes for each. Only their last 16 bytes count. */
export class KeySet {
  private words = new Uint32Array(FIRST_CAPACITY * WORDS);
  private capacity = FIRST_CAPACITY;
  private hasZero = false;
  private used = 0;

  get size(): number {
    return this.used + (this.hasZero ? 1 : 0);
  }

  /** Gives false if it is there already. */
  add(key: Uint8Array): boolean {
    if (this.used * 2 >= this.capacity) this.grow();
    const [a, b, c, d] = wordsOf(key);
    if ((a | b | c | d) === 0) {
      const isNew = !this.hasZero;
      this.hasZero = true;
      return isNew;
    }
    const at = this.find(a, b, c, d);
    if (!this.isFree(at)) return false;
    this.put(at, a, b, c, d);
    return true;
  }

  has(key: Uint8Array): boolean {
    const [a, b, c, d] = wordsOf(key);
    if ((a | b | c | d) === 0) return this.hasZero;
    return !this.isFree(this.find(a, b, c, d));
  }

  private isFree(at: number): boolean {
    const { words } = this;
    return (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) === 0;
  }

  /** Where the key is, or the free place for it. */
  private find(a: number, b: number, c: number, d: number): number {
    const { words, capacity } = this;
    for (let slot = d % capacity; ; slot = (slot + 1) % capacity) {
      const at = slot * WORDS;
      if (this.isFree(at)) return at;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return at;
    }
  }

  private put(at: number, a: number, b: number, c: number, d: number): void {
    this.words[at] = a;
    this.words[at + 1] = b;
    this.words[at + 2] = c;
    this.words[at + 3] = d;
    this.used++;
  }

  private grow(): void {
    const old = this.words;
    this.capacity *= 2;
    this.words = new Uint32Array(this.capacity * WORDS);
    this.used = 0;
    for (let from = 0; from < old.length; from += WORDS) {
      const [a, b, c, d] = [old[from]!, old[from + 1]!, old[from + 2]!, old[from + 3]!];
      if ((a | b | c | d) !== 0) this.put(this.find(a, b, c, d), a, b, c, d);
    }
  }
}

function wordsOf(key: Uint8Array): [number, number, number, number] {
  const view = new DataView(key.buffer, key.byteOffset + key.length - BYTES, BYTES);
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
}
