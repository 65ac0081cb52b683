import { decodeFunctionResult, encodeFunctionData } from "viem";
import { bytesToBigInt } from "../base/bytes.ts";
import { sleep } from "../base/clock.ts";
import { isCodedError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Part } from "../base/supervisor.ts";
import { OPEN_MINTER } from "../chain/constants.ts";
import { openBridgeAbi } from "../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import { NATIVE_ASSET_LIQUIDITY, OPEN_SUPPLY } from "../deploy/addresses.ts";
import type { StateReader } from "../execution/evm/executor.ts";
import type { L1Rpc } from "../rollup/l1/rpc.ts";
import type { ChainStore } from "../store/chain-store.ts";

/** Where OPEN is, in wei. */
export interface BridgeBooks {
  /** Locked in the bridge on L1. */
  escrow: bigint;
  /** Burnt on L2, not given out on L1 yet. */
  pending: bigint;
  /** In circulation on L2: 10^27 less NativeAssetLiquidity's balance. */
  circulating: bigint;
}

export interface BridgeSources {
  rpc: L1Rpc;
  store: ChainStore;
  state: StateReader;
}

const EVERY_MS = 15_000;
/** OpenMinter's `withdrawn`. */
const WITHDRAWN_SLOT: Hash = `0x${"1".padStart(64, "0")}`;

/**
 * The bridge's books at L2's safe head. L2 is read before L1, so that a deposit or withdrawal in between can only make
 * `escrow - pending` look larger: it is at least `circulating`, or OPEN was made out of nothing.
 */
export async function readBridgeBooks(
  { rpc, store, state }: BridgeSources,
  bridge: Address,
): Promise<BridgeBooks | undefined> {
  const safe = store.heads()?.safe;
  const root = safe && store.header(safe)?.stateRoot;
  if (root === undefined) return undefined;
  const liquidity = (await state.account(root, NATIVE_ASSET_LIQUIDITY))?.balance ?? 0n;
  const withdrawn = bytesToBigInt(await state.storage(root, OPEN_MINTER, WITHDRAWN_SLOT));
  // One block for both: a withdrawal moves them together.
  const at = (await rpc("eth_blockNumber", [])) as Hex;
  const read = async (functionName: "escrow" | "released") => {
    const data = encodeFunctionData({ abi: openBridgeAbi, functionName });
    const answer = (await rpc("eth_call", [{ to: bridge, data }, at])) as Hex;
    return decodeFunctionResult({ abi: openBridgeAbi, functionName, data: answer });
  };
  const escrow = await read("escrow");
  const released = await read("released");
  return { escrow, pending: withdrawn - released, circulating: OPEN_SUPPLY - liquidity };
}

/** Looks at the bridge's books from time to time; says it when more OPEN circulates than is locked. */
export function bridgePart(
  sources: BridgeSources,
  bridge: Address,
  onBooks: (books: BridgeBooks) => void,
  logger: Logger,
): Part {
  const look = async () => {
    const books = await readBridgeBooks(sources, bridge);
    if (books === undefined) return;
    onBooks(books);
    if (books.escrow - books.pending < books.circulating)
      logger.error({ ...books }, "More OPEN circulates on L2 than the bridge holds on L1");
  };
  return {
    name: "bridge",
    async run(signal) {
      while (!signal.aborted) {
        await look().catch((error: unknown) => {
          // The next look is soon enough.
          if (!isCodedError(error) && !signal.aborted) throw error;
        });
        await sleep(EVERY_MS, signal).catch(() => undefined);
      }
    },
  };
}
