import { bytesToHex, hexToBytes } from "../../../base/bytes.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import type { StateView } from "../../state/state-view.ts";
import type { BlockState, StateAccount } from "../block/tracer.ts";
import { readAccount, readChanges } from "./answer.ts";
import type { EvmInstance } from "./instance.ts";

/** The open block of an instance, before what is pending. */
export class InstanceState implements BlockState {
  private readonly instance: () => EvmInstance;
  private readonly view: StateView;
  /** Code that came with the block: the view has what was there before it. */
  private readonly codes = new Map<Hash, Uint8Array>();

  constructor(instance: () => EvmInstance, view: StateView) {
    this.instance = instance;
    this.view = view;
  }

  account(address: Address): StateAccount | undefined {
    const found = this.instance().account(hexToBytes(address));
    return found && readAccount(found);
  }

  storage(address: Address, slot: Hash): Hash {
    return bytesToHex(this.instance().storage(hexToBytes(address), hexToBytes(slot)));
  }

  code(codeHash: Hash): Uint8Array {
    return this.codes.get(codeHash) ?? this.view.code(hexToBytes(codeHash));
  }

  /** Remembers the code of the block so far. What is pending is forgotten. */
  collectCodes(): void {
    for (const { code, account } of readChanges(this.instance().changes())) {
      if (code !== undefined && account !== undefined) this.codes.set(bytesToHex(account.codeHash), code);
    }
  }
}
