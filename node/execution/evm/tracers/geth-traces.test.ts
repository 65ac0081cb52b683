import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { askOf } from "../../../../test/support/ask.ts";
import { jsonDifference } from "../../../../test/support/json-difference.ts";
import { readGzipJson } from "../../../../test/support/recordings.ts";
import { createSmallChain } from "../../../../test/support/small-chain.ts";
import { packageRoot } from "../../../base/paths.ts";

/** A message on a state of its own, and what each tracer of op-geth v1.101701.0 says of it: test/peers/geth-traces makes the results. */
interface GethCase {
  name: string;
  accounts: { address: string; balance: number; nonce: number; code: string; storage: object }[];
  from: string;
  to: string | null;
  data: string;
  value: number;
  gas: number;
  traces: { tracer: string; config: Record<string, unknown>; result: unknown }[];
}

const cases = readGzipJson(
  join(packageRoot(), "node/execution/evm/tracers/geth-traces.json.gz"),
) as GethCase[];

const hex = (value: number) => `0x${value.toString(16)}`;

/** op-geth's names of settings, as RPC has them: a first small letter, and `enable` where it is another word. */
function configOf(tracer: string, config: Record<string, unknown>): Record<string, unknown> {
  if (tracer !== "") return { tracer, tracerConfig: config };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key[0]!.toLowerCase() + key.slice(1), value]),
  );
}

/**
 * What may differ: op-geth v1.101701.0 writes memory and storage without 0x, which execution-apis asks for. No executor here has
 * op-geth's words for a precompile that fails inside a contract, nor the price of an instruction that it can't pay.
 */
function comparable(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replace(
      /"(memory|storage)":(\[[^\]]*\]|\{[^}]*\})/g,
      (_, name, inner) => `"${name}":${inner.replaceAll("0x", "")}`,
    )
    .replace(/"gasCost":\d+(,"depth":\d+,"error":"out of gas")/g, '"gasCost":0$1')
    .replace(
      /"error":"(invalid input length|precompile error|input is empty|Built-in failed)"/g,
      '"error":"failed"',
    );
  return JSON.parse(text);
}

/** ethereumjs tells less: no frames that are not entered, no STOP where code just ends, no instruction in the words of a halt. */
const TS_TELLS_LESS = ["calls", "creates", "halts", "invalid"];
const casesFor = (executor: "wasm" | "ts") =>
  cases.filter(({ name }) => executor === "wasm" || !TS_TELLS_LESS.includes(name));

describe.each(["wasm", "ts"] as const)("traces of calls on the executor %s", (executor) => {
  const ask = askOf(createSmallChain({ executor }));

  it.each(casesFor(executor))(
    "are op-geth's: $name",
    async ({ accounts, from, to, data, value, gas, traces }) => {
      const stateOverrides = Object.fromEntries(
        accounts.map(({ address, balance, nonce, code, storage }) => [
          address,
          { balance: hex(balance), nonce: hex(nonce), ...(code !== "" && { code }), state: storage },
        ]),
      );
      const call = { from, to, data, value: hex(value), gas: hex(gas) };
      const differences: string[] = [];
      for (const { tracer, config, result } of traces) {
        const options = { ...configOf(tracer, config), stateOverrides };
        const answer = await ask("debug_traceCall", call, "latest", options);
        const difference =
          answer.error === undefined
            ? jsonDifference(comparable(answer.result), comparable(result))
            : answer.error.message;
        if (difference !== undefined) differences.push(`${tracer} ${JSON.stringify(config)}: ${difference}`);
      }
      expect(differences).toEqual([]);
    },
  );
});
