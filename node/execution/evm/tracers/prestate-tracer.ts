import { bytesToHex } from "../../../base/bytes.ts";
import { BASE_FEE_VAULT, EMPTY_CODE_HASH, ZERO_HASH } from "../../../chain/constants.ts";
import type { Address, Hash, Hex } from "../../../chain/types/primitives.ts";
import { delegationTarget } from "../block/authorization.ts";
import { creationAddress } from "../block/outcome.ts";
import type { BlockState, FrameStart, TraceStep, TransactionStart } from "../block/tracer.ts";
import { hexQuantity } from "./call-tracer.ts";
import { ownAddress } from "./own-address.ts";
import type { ResultTracer, TraceBudget } from "./result-tracer.ts";
import type { PrestateTracerSpec } from "./spec.ts";

const SLOAD = 0x54;
const SSTORE = 0x55;
const SELFDESTRUCT = 0xff;
/** EXTCODESIZE, EXTCODECOPY, EXTCODEHASH, BALANCE, SELFDESTRUCT: the address is on top. */
const ADDRESS_OPS: ReadonlySet<number> = new Set([0x3b, 0x3c, 0x3f, 0x31, SELFDESTRUCT]);
/** CALL, CALLCODE, DELEGATECALL, STATICCALL: the address is second. */
const CALL_OPS: ReadonlySet<number> = new Set([0xf1, 0xf2, 0xf4, 0xfa]);
const LEAST_CALL_STACK = 5;
const ADDRESS_MASK = (1n << 160n) - 1n;
const ACCOUNT_BYTES = 250;
const SLOT_BYTES = 140;

/** An account in the result; what is undefined is left out. */
interface Account {
  balance: bigint | undefined;
  code: Hex | undefined;
  codeHash: Hash | undefined;
  nonce: bigint | undefined;
  storage: Map<Hash, Hash>;
}

interface Found extends Account {
  balance: bigint;
  nonce: bigint;
  /** Its code's hash, also where the code itself is not wanted. */
  hash: Hash | undefined;
  isEmpty: boolean;
}

/** geth's prestateTracer: what a transaction reads, and with `diffMode` what it changes. Source: op-geth native/prestate.go. */
export class PrestateTracer implements ResultTracer {
  readonly wants = { steps: true, memory: false, slots: false, states: true };
  private readonly spec: PrestateTracerSpec;
  private readonly budget: TraceBudget;
  private start: TransactionStart | undefined;
  private readonly frames: Address[] = [];
  /** Slots that are named, by account. */
  private readonly named = new Map<Address, Set<Hash>>();
  /** What is called: it may delegate. */
  private readonly called = new Set<Address>();
  private readonly created = new Set<Address>();
  private readonly deleted = new Set<Address>();
  private readonly found = new Map<Address, Found>();
  /** Accounts of which slots became zero: a change that shows in `pre` alone. */
  private readonly hasCleared = new Set<Address>();
  private text = "{}";

  constructor(spec: PrestateTracerSpec, budget: TraceBudget) {
    this.spec = spec;
    this.budget = budget;
  }

  begin(start: TransactionStart): void {
    this.start = start;
    const { from, to, block, delegations } = start;
    this.name(from);
    if (to !== undefined) {
      this.name(to);
      this.called.add(to);
    }
    this.name(block.coinbase);
    for (const { signer } of delegations) this.name(signer);
    this.name(BASE_FEE_VAULT);
  }

  enter(frame: FrameStart): void {
    this.frames.push(ownAddress(frame));
    if (frame.kind !== "CREATE" && frame.kind !== "CREATE2") return;
    this.name(frame.to);
    this.created.add(frame.to);
  }

  leave(): void {
    this.frames.pop();
  }

  step({ op, stack, error }: TraceStep): void {
    if (error !== undefined && FOUND_BEFORE.test(error)) return;
    const own = this.frames.at(-1);
    if (own === undefined || stack.length === 0) return;
    if (op === SLOAD || op === SSTORE) {
      this.nameSlot(own, `0x${stack.at(0).toString(16).padStart(64, "0")}`);
    } else if (ADDRESS_OPS.has(op)) {
      this.name(addressOf(stack.at(0)));
      if (op === SELFDESTRUCT && (!this.start?.keepsDestroyed || this.created.has(own)))
        this.deleted.add(own);
    } else if (CALL_OPS.has(op) && stack.length >= LEAST_CALL_STACK) {
      const address = addressOf(stack.at(1));
      this.name(address);
      this.called.add(address);
    }
  }

  log(): void {}

  before(state: BlockState): void {
    this.nameUnentered(state);
    if (this.start?.delegates) this.nameDelegates(state);
    for (const [address, slots] of this.named) {
      const account = state.account(address);
      const hash = account?.codeHash === EMPTY_CODE_HASH ? undefined : account?.codeHash;
      const { balance = 0n, nonce = 0n } = account ?? {};
      const storage = new Map<Hash, Hash>();
      if (!this.spec.disableStorage) {
        for (const slot of [...slots].sort()) storage.set(slot, state.storage(address, slot));
      }
      const isEmpty = balance === 0n && nonce === 0n && hash === undefined;
      this.found.set(address, { balance, nonce, code: undefined, codeHash: hash, hash, storage, isEmpty });
    }
  }

  end({ state }: { state: BlockState | undefined }): void {
    if (state === undefined) return;
    const codes = this.spec.disableCode ? undefined : state;
    for (const found of this.found.values()) found.code = this.codeOf(codes, found.hash);
    const post = this.spec.diffMode ? this.changes(state, codes) : undefined;
    if (!this.spec.includeEmpty) {
      for (const [address, { isEmpty }] of this.found) if (isEmpty) this.found.delete(address);
    }
    const pre = accountsJson(this.found);
    this.text = JSON.stringify(post === undefined ? pre : { post: accountsJson(post), pre });
  }

  result(): string {
    return this.text;
  }

  private name(address: Address): Set<Hash> {
    const known = this.named.get(address);
    if (known !== undefined) return known;
    this.budget.take(ACCOUNT_BYTES);
    const slots = new Set<Hash>();
    this.named.set(address, slots);
    return slots;
  }

  private nameSlot(address: Address, slot: Hash): void {
    const slots = this.name(address);
    if (slots.has(slot)) return;
    this.budget.take(SLOT_BYTES);
    slots.add(slot);
  }

  /** A creation that failed before it ran has named its address all the same. */
  private nameUnentered(state: BlockState): void {
    if (this.start === undefined || this.start.to !== undefined) return;
    const { from } = this.start;
    this.name(creationAddress(from, state.account(from)?.nonce ?? 0n));
  }

  private nameDelegates(state: BlockState): void {
    for (const address of this.called) {
      const hash = state.account(address)?.codeHash;
      const isCode = hash !== undefined && hash !== EMPTY_CODE_HASH && !this.created.has(address);
      const target = isCode ? delegationTarget(state.code(hash)) : undefined;
      if (target !== undefined) this.name(target);
      for (const { signer, target: given } of this.start?.delegations ?? []) {
        if (signer === address && address !== this.start?.to) this.name(given);
      }
    }
  }

  private codeOf(state: BlockState | undefined, hash: Hash | undefined): Hex | undefined {
    if (state === undefined || hash === undefined) return undefined;
    const code = state.code(hash);
    this.budget.take(2 * code.length);
    return bytesToHex(code);
  }

  /** What the accounts became; those that stayed as they were leave the result. */
  private changes(state: BlockState, codes: BlockState | undefined): Map<Address, Account> {
    const post = new Map<Address, Account>();
    for (const [address, before] of this.found) {
      if (this.deleted.has(address)) continue;
      const account = state.account(address);
      const hash = account?.codeHash === EMPTY_CODE_HASH ? undefined : account?.codeHash;
      const { balance = 0n, nonce = 0n } = account ?? {};
      const isNewCode = hash !== before.hash;
      const after: Account = {
        balance: balance === before.balance ? undefined : balance,
        nonce: nonce === before.nonce ? undefined : nonce,
        codeHash: isNewCode ? (hash ?? ZERO_HASH) : undefined,
        code: isNewCode ? this.codeOf(codes, hash) : undefined,
        storage: this.slotChanges(state, address, before.storage),
      };
      const isChanged =
        after.balance !== undefined || after.nonce !== undefined || isNewCode || after.storage.size > 0;
      if (isChanged || this.hasCleared.delete(address)) post.set(address, after);
      else this.found.delete(address);
    }
    return post;
  }

  private slotChanges(state: BlockState, address: Address, before: Map<Hash, Hash>): Map<Hash, Hash> {
    const changed = new Map<Hash, Hash>();
    for (const [slot, value] of before) {
      const now = state.storage(address, slot);
      if (value === ZERO_HASH || value === now) before.delete(slot);
      if (value === now) continue;
      if (now === ZERO_HASH) this.hasCleared.add(address);
      else changed.set(slot, now);
    }
    return changed;
  }
}

/** Errors that geth finds before it runs an instruction: then it names nothing. */
const FOUND_BEFORE = /^(out of gas|gas uint64 overflow|stack underflow|stack limit reached)/;

function addressOf(word: bigint): Address {
  return `0x${(word & ADDRESS_MASK).toString(16).padStart(40, "0")}`;
}

function accountsJson(accounts: ReadonlyMap<Address, Account>): Record<string, unknown> {
  const sorted = [...accounts].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([address, account]) => [address, accountJson(account)]));
}

function accountJson({ balance, code, codeHash, nonce, storage }: Account): Record<string, unknown> {
  return {
    balance: balance === undefined ? undefined : hexQuantity(balance),
    code,
    codeHash,
    nonce: nonce === undefined || nonce === 0n ? undefined : Number(nonce),
    storage: storage.size === 0 ? undefined : Object.fromEntries(storage),
  };
}
