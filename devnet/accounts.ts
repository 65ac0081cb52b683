import { bytesToHex } from "viem";
import { type HDAccount, mnemonicToAccount } from "viem/accounts";
import type { Address, Hex } from "../node/chain/types/primitives.ts";
import { MNEMONIC } from "./anvil.ts";

/** Who acts on the devnet, by index of the test mnemonic; each does one thing. */
export const ROLES = [
  ["treasury", "deploys L1 and holds the OPEN there"],
  ["batcher", "posts batches to L1"],
  ["proposer", "posts output roots to L1"],
  ["governor", "deploys and governs the protocol's contracts"],
  ["host", "answers questions for a part of the fee"],
  ["mallory", "a host that lies"],
  ["watcher", "checks every claim"],
  ["olga", "owns datanets and the model"],
  ["rita", "reviews contributions"],
  ["stan", "stakes on the model"],
  ["paula", "pays for answers"],
  ["alba", "contributes"],
  ["bruno", "contributes"],
  ["cleo", "contributes"],
  ["dov", "contributes"],
  ["edda", "contributes"],
  ["vera", "runs disputed and audited answers again"],
  ["council", "cancels proposals, pauses withdrawals and deletes false outputs"],
] as const;

export type Role = (typeof ROLES)[number][0];

export interface DevAccount {
  name: Role;
  purpose: string;
  address: Address;
  privateKey: Hex;
}

/** OPEN that every account has on L2 from genesis, in wei. */
export const PREFUND = 100_000n * 10n ** 18n;

/** The devnet's accounts. Their keys are public: never use them where money is. */
export function devAccounts(): Record<Role, DevAccount> {
  const entries = ROLES.map(([name, purpose], index) => {
    const account = mnemonicToAccount(MNEMONIC, { addressIndex: index });
    const address = account.address.toLowerCase() as Address;
    return [name, { name, purpose, address, privateKey: privateKeyOf(account) }] as const;
  });
  return Object.fromEntries(entries) as Record<Role, DevAccount>;
}

function privateKeyOf(account: HDAccount): Hex {
  const key = account.getHdKey().privateKey;
  if (!key) throw new Error("the test mnemonic gives no private key");
  return bytesToHex(key);
}
