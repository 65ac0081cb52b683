/** One POST. Status 0: the connection broke. */
export async function post(url: string, body: string): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, { method: "POST", body });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { status: 0, text: error instanceof Error ? String(error.cause ?? error) : String(error) };
  }
}

/** Runs `work` `count` times, `together` of them at a time; results by index. */
export async function repeated<T>(
  count: number,
  together: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(together, count) }, lane));
  return results;
}
