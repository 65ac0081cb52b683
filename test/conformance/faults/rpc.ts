import { isDeepStrictEqual } from "node:util";
import { type Fault, type RequestCase, unless, type Verdict } from "./fault.ts";

interface Answer {
  id?: unknown;
  result?: unknown;
  error?: { code: number; message: string };
}

type Check = (answer: Answer, url: string) => Verdict | Promise<Verdict>;

const isQuantity = (value: unknown) => typeof value === "string" && /^0x(0|[1-9a-f][0-9a-f]*)$/.test(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** What words of a file mean, by file and the request's id; what is written as a value or an error is read from the file. */
const CHECKS: Readonly<Record<string, Readonly<Record<number, Check>>>> = {
  "eip1898-tag": {
    1: ({ result, error }) => unless(isQuantity(result), error ?? result),
    2: ({ result, error }) => unless(result === "0x", error ?? result),
  },
  "fee-history-count": {
    1: ({ result, error }) => {
      const { gasUsedRatio, baseFeePerGas } = (result ?? {}) as Record<string, unknown[] | undefined>;
      return unless(gasUsedRatio?.length === 5 && baseFeePerGas?.length === 6, error ?? result);
    },
  },
  "newer-methods": {
    1: ({ error }) => unless(error !== undefined && error.code !== -32601, error),
    2: ({ result, error }) => unless(isObject(result) && typeof result.eth === "string", error ?? result),
    3: ({ result, error }) => {
      const isHeader = isObject(result) && isQuantity(result.number) && !("transactions" in result);
      return unless(isHeader, error ?? result);
    },
    4: ({ result, error }) => unless(result === null, error ?? result),
  },
  "simulate-v1": {
    1: ({ result, error }) => {
      const [block, ...more] = (Array.isArray(result) ? result : []) as Record<string, unknown>[];
      const [call] = (block?.calls ?? []) as Record<string, unknown>[];
      const isRight =
        call?.status === "0x1" &&
        String(call.returnData).length === 66 &&
        isQuantity(call.gasUsed) &&
        Array.isArray(call.logs);
      return unless(isRight && more.length === 0, error ?? result);
    },
  },
  "wrong-chain-id": {
    1: async ({ error }, url) => {
      const { result } = await post(url, { id: 1, method: "eth_chainId", params: [] });
      const names = error?.message.includes(`have 1 want ${Number(result)}`) === true;
      return unless(names && !error?.message.includes("\n"), error);
    },
  },
};

/** Sends one request, or text as it is; a batch's first answer. */
async function post(url: string, request: unknown): Promise<Answer & { text: string }> {
  const body =
    typeof request === "string" ? request : JSON.stringify({ jsonrpc: "2.0", ...(request as object) });
  const headers = { "content-type": "application/json" };
  const signal = AbortSignal.timeout(60_000);
  const text = await (await fetch(url, { method: "POST", headers, body, signal })).text();
  const json = JSON.parse(text) as Answer | Answer[];
  return { ...(Array.isArray(json) ? json[0] : json), text };
}

/** Runs the requests of an `rpc` file one after the other. */
export async function checkRpc(name: string, { cases = [] }: Fault, url: string): Promise<Verdict> {
  if (name === "filters") return checkFilters(url);
  for (const one of cases) {
    const wrong = await checkRequest(name, one, url);
    if (wrong !== undefined) return `${one.request?.method ?? one.raw_request}: ${wrong}`;
  }
  return cases.length === 0 ? "the file holds no cases" : undefined;
}

async function checkRequest(name: string, one: RequestCase, url: string): Promise<Verdict> {
  const answer = await post(url, one.raw_request ?? one.request);
  if (one.expect_text !== undefined) return unless(answer.text.includes(one.expect_text), answer.text);
  const check = CHECKS[name]?.[one.request?.id ?? 0];
  if (check) return check(answer, url);
  const { expect } = one;
  const refusal = typeof expect === "string" ? /^(-\d+) (.+)$/.exec(expect) : null;
  if (refusal) {
    const isSame = answer.error?.code === Number(refusal[1]) && answer.error.message === refusal[2];
    return unless(isSame, answer);
  }
  if (!isObject(expect)) throw new Error(`no check is written for ${name}: ${String(expect)}`);
  if ("result" in expect) return unless(isDeepStrictEqual(answer.result, expect.result), answer);
  const found = isObject(answer.result) ? answer.result : {};
  const isThere = Object.entries(expect).every(([key, value]) => isDeepStrictEqual(found[key], value));
  return unless(isThere, answer);
}

/** Ids of one answer go into the next request, so the file is run by hand. */
async function checkFilters(url: string): Promise<Verdict> {
  const ask = (method: string, ...params: unknown[]) => post(url, { id: 1, method, params });
  const ids: unknown[] = [];
  for (const [method, ...params] of [
    ["eth_newFilter", { fromBlock: "latest" }],
    ["eth_newBlockFilter"],
    ["eth_newPendingTransactionFilter"],
  ] as const) {
    const { result, text } = await ask(method, ...params);
    if (!isQuantity(result)) return `${method}: ${text}`;
    ids.push(result);
  }
  for (const id of ids) {
    const { result, text } = await ask("eth_getFilterChanges", id);
    if (!Array.isArray(result)) return `eth_getFilterChanges: ${text}`;
  }
  const logs = await ask("eth_getFilterLogs", ids[0]);
  if (!Array.isArray(logs.result)) return `eth_getFilterLogs: ${logs.text}`;
  for (const expected of [true, false]) {
    const { result, text } = await ask("eth_uninstallFilter", ids[0]);
    if (result !== expected) return `eth_uninstallFilter: ${text}`;
  }
  const { error, text } = await ask("eth_getFilterChanges", ids[0]);
  return unless(error?.code === -32000 && error.message === "filter not found", text);
}
