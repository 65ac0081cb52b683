import { decodeFunctionData, pad } from "viem";
import { describe, expect, it } from "vitest";
import type { ChainClient, ProtocolAddresses } from "../ai/client/chain.ts";
import { protocolParametersAbi, systemConfigAbi } from "../chain/generated/abi.ts";
import type { Address } from "../chain/types/primitives.ts";
import { L2_CROSS_DOMAIN_MESSENGER, PROXY_ADMIN } from "../deploy/addresses.ts";
import type { L1Contracts } from "../deploy/deployment.ts";
import type { GovernanceAddresses } from "./addresses.ts";
import { type Book, makeBook } from "./book.ts";
import { parseCall } from "./call-text.ts";
import { callText, decodeActions, leavesOf } from "./decode.ts";
import { actionsOf, saltOf } from "./orders.ts";

/** Every name at an address of its own. */
function places<T>(from: number): T {
  const known = new Map<string | symbol, Address>();
  return new Proxy({} as object, {
    get(_, name) {
      if (!known.has(name)) known.set(name, pad(`0x${(from + known.size).toString(16)}`, { size: 20 }));
      return known.get(name);
    },
    has: () => true,
  }) as T;
}

const at = places<GovernanceAddresses>(0x1000);
const book: Book = makeBook(at, places<ProtocolAddresses>(0x2000), places<L1Contracts>(0x3000));
const client = { public: { readContract: async () => 77n } } as unknown as ChainClient;

const refused = (text: string, why: RegExp) =>
  expect(() => parseCall(book, text), text).toThrow(
    expect.objectContaining({ code: "CALL_INVALID", message: expect.stringMatching(why) }),
  );

describe("a written call", () => {
  it("is read with numbers beyond 2^53, addresses without quotes, structs and lists", () => {
    const { entry, data } = parseCall(
      book,
      "systemConfig.setOperatorFeeScalars(4294967295, 18446744073709551615)",
    );
    expect(entry).toMatchObject({ name: "systemConfig", executor: "l1" });
    expect(decodeFunctionData({ abi: systemConfigAbi, data }).args).toEqual([4294967295, 2n ** 64n - 1n]);
    const bounds = '{"contributorsMin":1, "ownerMax":2, "hostMax":3, "stakersMax":4}';
    const { data: second } = parseCall(book, `parameters.setFeeSplitBounds(${bounds})`);
    expect(decodeFunctionData({ abi: protocolParametersAbi, data: second }).args).toEqual([
      { contributorsMin: 1, ownerMax: 2, hostMax: 3, stakersMax: 4 },
    ]);
    const batch = parseCall(
      book,
      `timelock.scheduleBatch([${PROXY_ADMIN}], [0], ["0x"], ${pad("0x0")}, ${pad("0x1")}, 8)`,
    );
    expect(batch.entry.executor).toBe("timelock");
  });

  it("is refused with what it should have been", () => {
    refused("setGasLimit(1)", /form contract\.function/);
    refused("nobody.setGasLimit(1)", /there is no contract nobody; there are parameters, /);
    refused("systemConfig.setGas(1)", /systemConfig has .*setGasLimit\(uint64 gasLimit_\)/);
    refused("systemConfig.setGasLimit()", /systemConfig has setGasLimit/);
    refused("systemConfig.setGasLimit(1.5)", /no uint64/);
    refused("systemConfig.setGasLimit(18446744073709551616)", /uint64|range/i);
    refused("systemConfig.setUnsafeBlockSigner(0x12)", /no address/);
    refused("systemConfig.gasLimit()", /systemConfig has /);
    refused(`systemConfig.setGasLimit(${"1".repeat(9_000)})`, /form/);
  });
});

describe("the calls of a proposal", () => {
  const texts = [
    "proxyAdmin.renounceOwnership()",
    "treasury.setStakersBps(1)",
    "systemConfig.setGasLimit(30000000)",
  ];

  it("go the ways of their owners, and are read back in words", async () => {
    const calls = texts.map((text) => parseCall(book, text));
    const actions = await actionsOf(client, book, calls, "all");
    expect(actions.targets).toEqual([at.treasury, at.upgrades, L2_CROSS_DOMAIN_MESSENGER]);
    const decoded = decodeActions(book, actions);
    expect(decoded[1]).toMatchObject({ item: { name: "scheduleBatch" } });
    expect(decoded[1]?.args.slice(4)).toEqual([saltOf("all"), 77n]);
    expect(leavesOf(decoded).map((call) => [call.executor, callText(call)])).toEqual([
      ["timelock", "treasury.setStakersBps(next: 1)"],
      ["upgrades", "proxyAdmin.renounceOwnership()"],
      ["l1", "systemConfig.setGasLimit(gasLimit_: 30000000)"],
    ]);
  });

  it("of unknown contracts or forms stay data", () => {
    const stranger: Address = pad("0x99", { size: 20 });
    const decoded = decodeActions(book, {
      targets: [stranger, at.treasury],
      calldatas: ["0x1234", "0xffffffff"],
    });
    expect(decoded.map(callText)).toEqual([`${stranger} 0x1234`, `${at.treasury} 0xffffffff`]);
    expect(leavesOf(decoded)).toHaveLength(2);
  });

  it("are some, and not too many; none is for L1 before the hand-over", async () => {
    const [first] = texts.map((text) => parseCall(book, text));
    const invalid = expect.objectContaining({ code: "CALL_INVALID" });
    await expect(actionsOf(client, book, [], "x")).rejects.toEqual(invalid);
    await expect(actionsOf(client, book, Array(33).fill(first), "x")).rejects.toEqual(invalid);
    const early: Book = { ...book, at: { ...at, relay: undefined } };
    const onL1 = parseCall(book, texts[2]!);
    await expect(actionsOf(client, early, [onL1], "x")).rejects.toEqual(invalid);
  });
});
