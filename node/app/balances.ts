import { privateKeyToAccount } from "viem/accounts";
import { sleep } from "../base/clock.ts";
import { isCodedError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Part } from "../base/supervisor.ts";
import type { Address, Hex } from "../chain/types/primitives.ts";
import type { StateReader } from "../execution/evm/executor.ts";
import { parseQuantity } from "../rollup/l1/format.ts";
import type { L1Rpc } from "../rollup/l1/rpc.ts";
import type { ChainStore } from "../store/chain-store.ts";
import type { NodeConfig } from "./config/node-config.ts";
import type { WatchedKey } from "./metrics.ts";

const EVERY_MS = 15_000;
/** A tenth of an ether: some days of batches in quiet times. */
const LOW = 10n ** 17n;

export interface BalanceSources {
  rpc: L1Rpc;
  store: ChainStore;
  state: StateReader;
}

/** The keys that the settings name, each where it pays. */
export function watchedKeys(config: NodeConfig, { rpc, store, state }: BalanceSources): WatchedKey[] {
  const onL1 = async (address: Address) =>
    parseQuantity("eth_getBalance", await rpc("eth_getBalance", [address, "latest"]));
  const onL2 = async (address: Address) => {
    const head = store.heads()?.unsafe;
    const header = head && store.header(head);
    const account = header && (await state.account(header.stateRoot, address));
    return account?.balance ?? 0n;
  };
  const key = (part: string, layer: "l1" | "l2", secret: Hex | undefined): WatchedKey[] => {
    if (secret === undefined) return [];
    const address = privateKeyToAccount(secret).address.toLowerCase() as Address;
    return [{ part, layer, address, read: () => (layer === "l1" ? onL1(address) : onL2(address)) }];
  };
  return [
    ...key("batcher", "l1", config.batcherKey),
    ...key("proposer", "l1", config.proposerKey),
    ...key("challenger", "l1", config.challengerKey),
    ...key("host", "l2", config.hostKey),
    ...key("watcher", "l2", config.watcherKey),
  ];
}

/** Looks at the keys' balances from time to time; says once when one gets low. */
export function balancesPart(
  keys: readonly WatchedKey[],
  onBalance: (key: WatchedKey, wei: bigint) => void,
  logger: Logger,
): Part {
  const low = new Set<WatchedKey>();
  const look = async (key: WatchedKey) => {
    const wei = await key.read();
    onBalance(key, wei);
    const { part, layer, address } = key;
    if (wei >= LOW) low.delete(key);
    else if (!low.has(key)) {
      low.add(key);
      logger.warn(
        { part, layer, address, wei },
        "The balance of a key is low, its part will stop when it is spent",
      );
    }
  };
  return {
    name: "balances",
    async run(signal) {
      while (!signal.aborted) {
        for (const key of keys)
          await look(key).catch((error: unknown) => {
            // The next look is soon enough.
            if (!isCodedError(error) && !signal.aborted) throw error;
          });
        await sleep(EVERY_MS, signal).catch(() => undefined);
      }
    },
  };
}
