import { type Hex, hexToBytes } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { DEPOSIT_TYPE, encodeDeposit } from "../../../node/chain/codec/deposit.ts";
import { fastLzLength } from "../../../node/chain/rules/fastlz.ts";
import { daFootprint, daSizeEstimate } from "../../../node/chain/rules/rollup-fees.ts";
import type { Address } from "../../../node/chain/types/primitives.ts";
import { SENDER, signed } from "../../support/small-chain.ts";
import { address, digits, word } from "./assembler.ts";
import { COLD, COLD_CODES, MAIN, NOBODY, OTHER, type Work, type WorstCase, workCase } from "./case.ts";

const CHAIN_ID = 901;
const TRANSFER = 21_000;
/** Gas a byte of data that a block's transactions are counted with, if the chain's owner sets none. Spec: Jovian. */
const DA_SCALAR = 400n;
const fees = { chainId: CHAIN_ID, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n } as const;
const newAccount = (i: number): Address => address(0xace00000 + i);

/** What envelopes take of a block: gas, or their footprint of data where that is more. */
export function blockShare(raw: Uint8Array, gas: number): number {
  return raw[0] === DEPOSIT_TYPE
    ? gas
    : Math.max(gas, Number(daFootprint({ daSize: daSizeEstimate(fastLzLength(raw)) }, DA_SCALAR)));
}

/** A block of envelopes that each use this much gas. */
function blockCase(
  name: string,
  each: number,
  make: (i: number) => Promise<Uint8Array> | Uint8Array,
  more: Work = {},
): WorstCase {
  return workCase(name, {
    block: async (gas) => {
      const envelopes: Uint8Array[] = [];
      for (let left = gas; ; ) {
        const raw = await make(envelopes.length);
        left -= blockShare(raw, each);
        if (left < 0) return envelopes;
        envelopes.push(raw);
      }
    },
    least: Math.max(each * 2, 200_000),
    ...more,
  });
}

function calldataCase(name: string, byte: string, bytes: number, perByte: number): WorstCase {
  const each = TRANSFER + bytes * perByte;
  return blockCase(`block of calldata, ${name}`, each, (nonce) =>
    signed({ nonce, gas: BigInt(each), data: `0x${byte.repeat(bytes)}` }),
  );
}

/** Intrinsic gas of an access list: EIP-2930. */
function accessListCase(addresses: number, slots: number): WorstCase {
  const each = TRANSFER + addresses * (2_400 + slots * 1_900);
  return blockCase(`block of access lists, ${addresses} addresses of ${slots} slots`, each, async (nonce) =>
    hexToBytes(
      await SENDER.signTransaction({
        ...fees,
        type: "eip1559",
        nonce,
        to: NOBODY,
        gas: BigInt(each),
        accessList: Array.from({ length: addresses }, (_, a) => ({
          address: address(0xacce0000 + nonce * addresses + a),
          storageKeys: Array.from({ length: slots }, (_, k): Hex => `0x${word(nonce * slots + k)}`),
        })),
      }),
    ),
  );
}

const NEW_AUTHORITY = 25_000;

/** Each authorization has a signer of its own. */
function authorizationCase(count: number): WorstCase {
  const each = TRANSFER + count * NEW_AUTHORITY;
  return blockCase(`block of EIP-7702 authorizations, ${count} a transaction`, each, async (nonce) => {
    const sign = (k: number) =>
      privateKeyToAccount(`0x${word(1_000 + nonce * count + k)}`).signAuthorization({
        chainId: CHAIN_ID,
        nonce: 0,
        contractAddress: OTHER,
      });
    const authorizationList = await Promise.all(Array.from({ length: count }, (_, k) => sign(k)));
    const transaction = { ...fees, type: "eip7702", nonce, to: NOBODY, gas: BigInt(each) } as const;
    return hexToBytes(await SENDER.signTransaction({ ...transaction, authorizationList }));
  });
}

interface DepositShape {
  to?: Address;
  gas: number;
  mint?: bigint;
  value?: bigint;
  data?: Uint8Array;
}

function deposit(
  i: number,
  { to, gas, mint, value = 0n, data = new Uint8Array(0) }: DepositShape,
): Uint8Array {
  return encodeDeposit({
    sourceHash: `0x${word(0xdeb0000 + i)}`,
    from: address(0xfeed0000 + i),
    to,
    mint,
    value,
    gas: BigInt(gas),
    isSystemTx: false,
    data,
  });
}

/** Init code that counts down to nothing for the gas's whole length. */
const SPIN = hexToBytes("0x5b5f56");

/** Intrinsic gas of a creation with one zero byte of init code. */
const CREATION = 53_006;

const DEPOSITS: readonly WorstCase[] = [
  blockCase("block of deposits that mint to new accounts", TRANSFER, (i) =>
    deposit(i, { to: newAccount(i), gas: TRANSFER, mint: 5n, value: 3n }),
  ),
  blockCase(
    "block of deposits that spin until their gas is gone, 100,000 each",
    100_000,
    (i) => deposit(i, { to: MAIN, gas: 100_000, mint: 1n }),
    { code: "0x5b5f56", fails: true },
  ),
  blockCase(
    "block of deposits whose creation spins until its gas is gone, 100,000 each",
    100_000,
    (i) => deposit(i, { gas: 100_000, mint: 1n, data: SPIN }),
    { fails: true },
  ),
  blockCase(
    "block of deposits that send more than they have",
    TRANSFER,
    (i) => deposit(i, { to: newAccount(i), gas: TRANSFER, value: 1n }),
    { fails: true },
  ),
  blockCase("block of deposits with 120 kB of zeros", TRANSFER + 10 * 120_000, (i) =>
    deposit(i, { to: newAccount(i), gas: TRANSFER + 10 * 120_000, data: new Uint8Array(120_000) }),
  ),
];

const CREATE_CODE: Hex = `0x${digits(0, 1)}`;

/** Blocks whose cost is in their transactions themselves. */
export const TRANSACTION_CASES: readonly WorstCase[] = [
  blockCase("block of transfers to new accounts", TRANSFER, (nonce) =>
    signed({ nonce, to: newAccount(nonce), value: 1n, gas: 21_000n }),
  ),
  blockCase("block of transfers to one account", TRANSFER, (nonce) =>
    signed({ nonce, value: 1n, gas: 21_000n }),
  ),
  blockCase(
    "block of transfers to cold accounts without code on disk",
    TRANSFER,
    (nonce) => signed({ nonce, to: address(COLD + BigInt(COLD_CODES + nonce)), value: 1n, gas: 21_000n }),
    { disk: true, least: 400_000 },
  ),
  blockCase("block of creations of empty contracts", CREATION, (nonce) =>
    signed({ nonce, to: null, data: CREATE_CODE, gas: BigInt(CREATION) }),
  ),
  calldataCase("zeros, 128 kB a transaction", "00", 130_000, 10),
  calldataCase("not zero, 128 kB a transaction", "a7", 130_000, 40),
  calldataCase("not zero, 100 bytes a transaction", "a7", 100, 40),
  accessListCase(1, 1_000),
  accessListCase(1_000, 0),
  accessListCase(1, 2),
  authorizationCase(100),
  authorizationCase(1),
  ...DEPOSITS,
];
