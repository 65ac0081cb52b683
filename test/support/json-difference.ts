/** The first difference of two JSON values as a path and both sides; undefined when they are equal. */
export function jsonDifference(actual: unknown, expected: unknown, path = "$"): string | undefined {
  if (Object.is(actual, expected)) return undefined;
  if (Array.isArray(actual) && Array.isArray(expected)) {
    if (actual.length !== expected.length)
      return `${path} has ${actual.length} items instead of ${expected.length}`;
    for (const [i, item] of actual.entries()) {
      const found = jsonDifference(item, expected[i], `${path}[${i}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const areObjects = [actual, expected].every(
    (v) => typeof v === "object" && v !== null && !Array.isArray(v),
  );
  if (!areObjects) return `${path}: ${shown(actual)} instead of ${shown(expected)}`;
  const [a, b] = [actual as Record<string, unknown>, expected as Record<string, unknown>];
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = jsonDifference(a[key], b[key], `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}
