import { createCustomCommon, Hardfork, Mainnet } from "@ethereumjs/common";
import { createEVM, type EVM, type ExecResult } from "@ethereumjs/evm";
import { SimpleStateManager } from "@ethereumjs/statemanager";
import {
  Account,
  bytesToHex,
  createAddressFromString,
  type Address as EvmAddress,
  hexToBytes,
  setLengthLeft,
} from "@ethereumjs/util";
import { encodeDeployData, type Hex } from "viem";
import type { GenesisAccount } from "../chain/config/genesis.ts";
import { L1_ATTRIBUTES_DEPOSITOR, ZERO_HASH } from "../chain/constants.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import { chainCrypto } from "../execution/evm/ethereumjs/crypto.ts";
import type { Artifact } from "./artifacts.ts";
import { deployError } from "./errors.ts";

const GAS = 1_000_000_000n;

/**
 * A state under construction. Contracts enter it as on a chain: their constructors and initializers run in an EVM, so that
 * immutables and storage come from the contracts themselves.
 */
export class GenesisState {
  private readonly state: SimpleStateManager;
  private readonly evm: EVM;
  private readonly declared = new Set<Address>();

  private constructor(state: SimpleStateManager, evm: EVM) {
    this.state = state;
    this.evm = evm;
  }

  static async create(chainId: bigint): Promise<GenesisState> {
    const common = createCustomCommon({ chainId: Number(chainId) }, Mainnet, {
      hardfork: Hardfork.Prague,
      customCrypto: chainCrypto,
    });
    const stateManager = new SimpleStateManager({ common });
    return new GenesisState(stateManager, await createEVM({ common, stateManager }));
  }

  /** Adds an account; later calls for the same address change what they name. Balance in wei. */
  async add(
    address: Address,
    fields: { balance?: bigint; nonce?: bigint; code?: Uint8Array },
  ): Promise<void> {
    const key = createAddressFromString(address);
    this.declared.add(address);
    const account = (await this.state.getAccount(key)) ?? new Account();
    account.nonce = fields.nonce ?? account.nonce;
    account.balance = fields.balance ?? account.balance;
    await this.state.putAccount(key, account);
    if (fields.code) await this.state.putCode(key, fields.code);
  }

  has(address: Address): boolean {
    return this.declared.has(address);
  }

  async setStorage(address: Address, slot: Hash, value: Hash): Promise<void> {
    await this.state.putStorage(createAddressFromString(address), hexToBytes(slot), hexToBytes(value));
  }

  /** Runs a constructor as if the contract were created at `address`, and keeps code and storage. */
  async deploy(address: Address, artifact: Artifact, args: readonly unknown[] = []): Promise<void> {
    const { abi, bytecode } = artifact;
    const code = hexToBytes(encodeDeployData({ abi, bytecode, args }));
    await this.add(address, {});
    const to = createAddressFromString(address);
    const result = await this.evm.runCode({ code, to, caller: scratchCaller(), gasLimit: GAS });
    await this.add(address, { code: outputOf(result, `constructor of ${artifact.name}`) });
  }

  /** Runs code that is not part of the state. */
  async evaluate(code: Uint8Array, data: Hex): Promise<Uint8Array> {
    const result = await this.evm.runCode({ code, data: hexToBytes(data), gasLimit: GAS });
    return outputOf(result, "a helper contract");
  }

  /** Calls a contract of the state from an account without rights. */
  async call(to: Address, data: Hex, what: string): Promise<void> {
    const { execResult } = await this.evm.runCall({
      caller: scratchCaller(),
      to: createAddressFromString(to),
      data: hexToBytes(data),
      gasLimit: GAS,
      skipNonceIncrement: true,
    });
    outputOf(execResult, what);
  }

  /** The accounts, ascending by address, storage ascending by slot; zero values are left out. */
  async alloc(): Promise<GenesisAccount[]> {
    const storage = this.storageByAccount();
    const accounts: GenesisAccount[] = [];
    for (const address of [...this.declared].sort()) {
      const key = createAddressFromString(address);
      const account = await this.state.getAccount(key);
      accounts.push({
        address,
        balance: account?.balance ?? 0n,
        nonce: account?.nonce ?? 0n,
        code: await this.state.getCode(key),
        storage: storage.get(address) ?? [],
      });
    }
    return accounts;
  }

  private storageByAccount(): Map<string, [Hash, Hash][]> {
    const byAccount = new Map<string, [Hash, Hash][]>();
    const entries = [...(this.state.storageStack.at(-1) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, bytes] of entries) {
      const [address, slot] = key.split("_") as [string, Hash];
      const value = bytesToHex(setLengthLeft(bytes, 32));
      if (value === ZERO_HASH) continue;
      const slots = byAccount.get(address) ?? [];
      slots.push([slot, value]);
      byAccount.set(address, slots);
    }
    return byAccount;
  }
}

function scratchCaller(): EvmAddress {
  return createAddressFromString(L1_ATTRIBUTES_DEPOSITOR);
}

function outputOf(result: ExecResult, what: string): Uint8Array {
  if (result.exceptionError === undefined) return result.returnValue;
  throw deployError("GENESIS_CALL_FAILED", {
    message: `Making the genesis state, the ${what} failed: ${result.exceptionError.error}.`,
    fix: "Build the contracts again: node contracts/build.mjs.",
    facts: { what, output: result.returnValue },
  });
}
