import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SENDER, signed } from "../../../test/support/small-chain.ts";
import { bytesToHex } from "../../base/bytes.ts";
import { decodeTransaction } from "../../chain/codec/transaction.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { PoolCandidate } from "../../execution/mempool/candidate.ts";
import { refuse } from "../../execution/mempool/limits.ts";
import { createRpcServer, type RpcServer } from "../server.ts";
import { packCandidates, unpackCandidates } from "./packed-candidates.ts";

const RECIPIENT = `0x${"22".repeat(20)}` as const;
const rules = { l2ChainId: 901n };
const taken: PoolCandidate[] = [];
let batches = 0;
let blocked: Promise<void> | undefined;
let server: RpcServer;

beforeAll(async () => {
  server = await createRpcServer({
    host: "127.0.0.1",
    port: 0,
    methods: { eth_sendRawTransaction: () => "not by this way" },
    intake: {
      rules,
      addBatch: async (candidates) => {
        batches++;
        await blocked;
        taken.push(...candidates);
        return candidates.map(({ transaction }) =>
          transaction.nonce === 7n
            ? refuse("TXPOOL_NONCE_TOO_LOW", "nonce too low: next nonce 8, tx nonce 7", "Use 8.")
            : transaction.hash,
        );
      },
    },
  });
});
afterAll(() => server.close());

async function send(raw: unknown): Promise<{ result?: Hex; error?: { code: number; message: string } }> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_sendRawTransaction", params: [raw] });
  return (await fetch(server.httpUrl, { method: "POST", body })).json() as never;
}

describe("signed transactions at the door", () => {
  it("reach the pool decoded, with sender and hash; each gets its own answer", async () => {
    const raws = await Promise.all(
      Array.from({ length: 40 }, (_, nonce) => signed({ nonce, to: RECIPIENT })),
    );
    const answers = await Promise.all(raws.map((raw) => send(bytesToHex(raw))));
    for (const [nonce, { result, error }] of answers.entries()) {
      if (nonce === 7)
        expect(error).toMatchObject({
          code: -32000,
          message: "nonce too low: next nonce 8, tx nonce 7",
          data: { code: "TXPOOL_NONCE_TOO_LOW" },
        });
      else expect(result).toBe(decodeTransaction(raws[nonce]!, rules).hash);
    }
    expect(taken).toHaveLength(40);
    for (const { transaction } of taken) {
      expect(transaction.from).toBe(SENDER.address.toLowerCase());
      expect(bytesToHex(transaction.raw)).toBe(bytesToHex(raws[Number(transaction.nonce)]!));
    }
  });

  it("that come while the pool is busy go to it together, in order", async () => {
    const raws = await Promise.all(
      Array.from({ length: 60 }, (_, nonce) => signed({ nonce: 100 + nonce, to: RECIPIENT })),
    );
    let release: () => void = () => {};
    blocked = new Promise((resolve) => {
      release = resolve;
    });
    const before = { batches, taken: taken.length };
    const answers = raws.map((raw) => send(bytesToHex(raw)));
    while (batches < before.batches + 4) await sleep(5);
    await sleep(200);
    expect(batches).toBe(before.batches + 4);
    release();
    for (const [index, answer] of (await Promise.all(answers)).entries())
      expect(answer.result).toBe(decodeTransaction(raws[index]!, rules).hash);
    expect(batches).toBeLessThanOrEqual(before.batches + 8);
    expect(taken).toHaveLength(before.taken + 60);
  });

  it.each([
    ["no text", 5, -32602, "invalid argument 0"],
    ["nothing", undefined, -32602, "invalid argument 0"],
    ["no hex", "0xzz", -32602, "invalid argument 0"],
    ["half a byte", "0x123", -32602, "invalid argument 0"],
    ["no transaction", "0x03c0", -32000, ""],
    ["an empty one", "0x", -32000, ""],
    ["more than 128 KiB of lists", `0x${"fa".repeat(140_000)}`, -32000, "oversized data"],
    ["128 KiB of nested lists", `0x${"c1".repeat(131_000)}`, -32000, ""],
    ["a deposit", "0x7ec0", -32000, ""],
  ])("that are %s never get to the chain's thread", async (_, raw, code, message) => {
    const before = batches;
    const { error } = await send(raw);
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(message);
    expect(batches).toBe(before);
  });

  it("come out of their packing as they went in", async () => {
    const raws = await Promise.all([0, 1, 2].map((nonce) => signed({ nonce, to: RECIPIENT })));
    fc.assert(
      fc.property(fc.array(fc.nat(2), { maxLength: 6 }), fc.boolean(), (picks, hasAuthorities) => {
        const candidates = picks.map((pick) => ({
          transaction: decodeTransaction(raws[pick]!, rules) as SignedTransaction,
          authorities: hasAuthorities && pick === 1 ? [RECIPIENT] : [],
        }));
        const again = unpackCandidates(structuredClone(packCandidates(candidates)));
        const facts = ({ transaction: { raw, hash, from, nonce, daSize }, authorities }: PoolCandidate) => [
          bytesToHex(raw),
          hash,
          from,
          nonce,
          daSize,
          authorities,
        ];
        expect(again.map(facts)).toEqual(candidates.map(facts));
      }),
    );
  });
});
