/** The nibbles of a key, high one first, one a byte. */
export function toNibbles(key: Uint8Array): Uint8Array {
  const path = new Uint8Array(key.length * 2);
  for (let i = 0; i < key.length; i++) {
    path[2 * i] = key[i]! >> 4;
    path[2 * i + 1] = key[i]! & 15;
  }
  return path;
}

/** Number of equal nibbles of `path` and of `key` from `depth` on. */
export function commonPrefix(path: Uint8Array, key: Uint8Array, depth: number): number {
  let length = 0;
  while (length < path.length && path[length] === key[depth + length]) length++;
  return length;
}

/** Hex-prefix encoding of a leaf's or an extension's path. Source: Yellow Paper, appendix C. */
export function compactPath(path: Uint8Array, isLeaf: boolean): Uint8Array {
  const odd = path.length & 1;
  const out = new Uint8Array(1 + (path.length >> 1));
  out[0] = ((isLeaf ? 2 : 0) + odd) << 4;
  if (odd) out[0] |= path[0]!;
  for (let i = odd; i < path.length; i += 2) out[1 + (i >> 1)] = (path[i]! << 4) | path[i + 1]!;
  return out;
}

/** Inverse of {@link compactPath}; `encoded` is not empty. */
export function expandPath(encoded: Uint8Array): { path: Uint8Array; isLeaf: boolean } {
  const flags = encoded[0]! >> 4;
  return { path: toNibbles(encoded).subarray(flags & 1 ? 1 : 2), isLeaf: flags >= 2 };
}
