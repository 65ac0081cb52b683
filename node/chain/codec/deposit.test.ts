import { applyL1ToL2Alias, DepositTx, SourceHashDomain, undoL1ToL2Alias } from "@eth-optimism/core-utils";
import fc from "fast-check";
import { encodeAbiParameters, encodePacked, getAddress } from "viem";
import { describe, expect, it } from "vitest";
import { bytesToHex, hexToBytes } from "../../base/bytes.ts";
import type { L1Log } from "../types/l1.ts";
import type { Address, Hash, Hex } from "../types/primitives.ts";
import type { DepositTransaction } from "../types/transaction.ts";
import {
  aliasAddress,
  decodeDeposit,
  depositFromLog,
  encodeDeposit,
  l1InfoSourceHash,
  TRANSACTION_DEPOSITED,
  unaliasAddress,
  upgradeSourceHash,
  userDepositSourceHash,
} from "./deposit.ts";

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((data) => bytesToHex(data) as Hex);
const uint = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });

const deposits: fc.Arbitrary<DepositTransaction> = fc.record({
  sourceHash: hex(32),
  from: hex(20),
  to: fc.option(hex(20), { nil: undefined }),
  mint: uint(256).map((mint) => (mint === 0n ? undefined : mint)),
  value: uint(256),
  gas: uint(64),
  isSystemTx: fc.boolean(),
  data: fc.uint8Array({ maxLength: 100 }),
});

describe("deposit encoding", () => {
  it("is the one of @eth-optimism/core-utils", () => {
    fc.assert(
      fc.property(deposits, (deposit) => {
        const reference = new DepositTx({
          sourceHash: deposit.sourceHash,
          from: getAddress(deposit.from),
          to: deposit.to === undefined ? null : getAddress(deposit.to),
          mint: deposit.mint ?? 0n,
          value: deposit.value,
          gas: deposit.gas,
          isSystemTransaction: deposit.isSystemTx,
          data: bytesToHex(deposit.data),
        });
        expect(bytesToHex(encodeDeposit(deposit))).toBe(reference.encode());
      }),
    );
  });

  it("decodes to what was encoded", () => {
    fc.assert(
      fc.property(deposits, (deposit) => {
        expect(decodeDeposit(encodeDeposit(deposit))).toEqual(deposit);
      }),
    );
  });

  it("refuses malformed envelopes with a code", () => {
    const good = encodeDeposit({
      sourceHash: `0x${"11".repeat(32)}`,
      from: `0x${"22".repeat(20)}`,
      to: undefined,
      mint: undefined,
      value: 1n,
      gas: 21000n,
      isSystemTx: false,
      data: new Uint8Array(0),
    });
    const bad = [
      new Uint8Array(0),
      Uint8Array.of(0x7e),
      good.subarray(0, good.length - 1),
      Uint8Array.of(...good, 0),
      Uint8Array.of(0x02, ...good.subarray(1)),
      hexToBytes("0x7ec0"),
      hexToBytes("0x7ec88080808080808080"),
    ];
    for (const raw of bad) expect(() => decodeDeposit(raw)).toThrow(/Deposit transaction/);
  });
});

describe("source hashes", () => {
  it("are those of @eth-optimism/core-utils", () => {
    fc.assert(
      fc.property(hex(32), fc.nat(), (l1BlockHash, count) => {
        const user = new DepositTx({ domain: SourceHashDomain.UserDeposit, l1BlockHash, logIndex: count });
        expect(userDepositSourceHash(l1BlockHash, count)).toBe(user.sourceHash());
        const info = new DepositTx({
          domain: SourceHashDomain.L1InfoDeposit,
          l1BlockHash,
          sequenceNumber: count,
        });
        expect(l1InfoSourceHash(l1BlockHash, BigInt(count))).toBe(info.sourceHash());
      }),
    );
  });

  it("of upgrades are the published ones", () => {
    expect(upgradeSourceHash("Ecotone: L1 Block Deployment")).toBe(
      "0x877a6077205782ea15a6dc8699fa5ebcec5e0f4389f09cb8eda09488231346f8",
    );
  });
});

describe("aliasing", () => {
  it("is the one of @eth-optimism/core-utils, both ways, wrapping at 2^160", () => {
    const addresses = fc.oneof(hex(20), fc.constant<Address>(`0x${"ff".repeat(20)}`));
    fc.assert(
      fc.property(addresses, (address) => {
        const aliased = aliasAddress(address);
        expect(aliased).toBe(applyL1ToL2Alias(getAddress(address)).toLowerCase());
        expect(unaliasAddress(aliased)).toBe(address);
        expect(undoL1ToL2Alias(getAddress(aliased)).toLowerCase()).toBe(address);
      }),
    );
  });
});

function word(address: Address): Hash {
  return `0x${address.slice(2).padStart(64, "0")}`;
}

function logOf(data: Uint8Array, topics?: Hash[]): L1Log {
  const from: Address = `0x${"ab".repeat(20)}`;
  const to: Address = `0x${"cd".repeat(20)}`;
  return {
    address: `0x${"00".repeat(20)}`,
    topics: topics ?? [TRANSACTION_DEPOSITED, word(from), word(to), `0x${"00".repeat(32)}`],
    data,
    logIndex: 7,
  };
}

function opaque(mint: bigint, value: bigint, gas: bigint, isCreation: boolean, data: Hex): Uint8Array {
  const inner = encodePacked(
    ["uint256", "uint256", "uint64", "bool", "bytes"],
    [mint, value, gas, isCreation, data],
  );
  return hexToBytes(encodeAbiParameters([{ type: "bytes" }], [inner]));
}

describe("TransactionDeposited", () => {
  const l1Hash: Hash = `0x${"99".repeat(32)}`;

  it("makes the deposit that it describes", () => {
    const deposit = depositFromLog(logOf(opaque(5n, 6n, 7n, false, "0x0102")), l1Hash);
    expect(deposit).toEqual({
      sourceHash: userDepositSourceHash(l1Hash, 7),
      from: `0x${"ab".repeat(20)}`,
      to: `0x${"cd".repeat(20)}`,
      mint: 5n,
      value: 6n,
      gas: 7n,
      isSystemTx: false,
      data: Uint8Array.of(1, 2),
    });
  });

  it("of a creation has no target, and a mint of 0 is no mint", () => {
    const deposit = depositFromLog(logOf(opaque(0n, 0n, 7n, true, "0x")), l1Hash);
    expect([deposit.to, deposit.mint]).toEqual([undefined, undefined]);
  });

  it("is refused when malformed", () => {
    const data = opaque(5n, 6n, 7n, false, "0x0102");
    const changed = (at: number, byte: number) => {
      const copy = data.slice();
      copy[at] = byte;
      return copy;
    };
    const bad = [
      logOf(new Uint8Array(0)),
      logOf(data.subarray(0, data.length - 1)),
      logOf(changed(31, 33)),
      logOf(changed(63, 255)),
      logOf(changed(63, 40)),
      logOf(new Uint8Array([...data, ...new Uint8Array(32)])),
      logOf(data, [TRANSACTION_DEPOSITED]),
      logOf(data, [TRANSACTION_DEPOSITED, word("0x01"), word("0x02"), word("0x01")]),
    ];
    for (const log of bad) expect(() => depositFromLog(log, l1Hash)).toThrow(/TransactionDeposited event/);
  });
});
