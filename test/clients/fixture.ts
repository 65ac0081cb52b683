import type { RpcServer } from "../../node/rpc/server.ts";
import { createSmallChain, type SmallChain } from "../support/small-chain.ts";
import { serveSmallChain } from "../support/small-rpc.ts";

/** Emits LOG1 with topic 7 and no data. */
export const LOGGER = `0x${"1c".repeat(20)}` as const;
/** Returns 42. */
export const ANSWERS = `0x${"2a".repeat(20)}` as const;
/** Reverts with Error("no"). */
export const REVERTS = `0x${"1d".repeat(20)}` as const;
/** Key of the funded account, which is in the small chain's support. */
export const KEY = `0x${"01".repeat(32)}` as const;

const ERROR_NO = "08c379a0";

/** A node's JSON-RPC over HTTP and WebSocket, whose pool builds a block for each transaction. */
export async function startClientNode(): Promise<{ small: SmallChain; server: RpcServer }> {
  const small = createSmallChain({
    accounts: [
      { address: LOGGER, codeHex: "0x60075f5fa100" },
      { address: ANSWERS, codeHex: "0x602a5f5260205ff3" },
      // selector, offset 32, length 2, "no": written word by word.
      {
        address: REVERTS,
        codeHex: `0x63${ERROR_NO}60e01b5f5260206004526002602452616e6f60f01b60445260645ffd`,
      },
    ],
  });
  const server = await serveSmallChain(small);
  return { small, server };
}
