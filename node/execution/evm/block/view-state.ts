import { bytesToHex, hexToBytes, setLengthLeft } from "../../../base/bytes.ts";
import type { StateView } from "../../state/state-view.ts";
import type { BlockState } from "./tracer.ts";

/** A state as a tracer reads it. */
export function viewBlockState(state: Pick<StateView, "account" | "storage" | "code">): BlockState {
  return {
    account(address) {
      const stored = state.account(hexToBytes(address));
      if (stored === undefined) return undefined;
      const { nonce, balance, codeHash } = stored;
      return { nonce, balance, codeHash: bytesToHex(codeHash) };
    },
    storage: (address, slot) =>
      bytesToHex(setLengthLeft(state.storage(hexToBytes(address), hexToBytes(slot)), 32)),
    code: (codeHash) => state.code(hexToBytes(codeHash)),
  };
}
