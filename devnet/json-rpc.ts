import { devnetError } from "./errors.ts";

/** One JSON-RPC call over HTTP. @throws CodedError RPC_FAILED when the server answers with an error or not at all. */
export async function jsonRpc(
  url: string,
  method: string,
  params: readonly unknown[],
  signal?: AbortSignal,
): Promise<unknown> {
  const fail = (message: string, cause?: unknown) =>
    devnetError("RPC_FAILED", {
      message: `${method} at ${url}: ${message}`,
      facts: { url, method },
      cause,
    });
  let answer: { result?: unknown; error?: { code: number; message: string } };
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: signal ?? null,
    });
    answer = (await response.json()) as typeof answer;
  } catch (cause) {
    throw fail("no answer", cause);
  }
  if (answer.error) throw fail(answer.error.message);
  return answer.result;
}
