import { createMutex } from "../../base/mutex.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { BookFiles, type KeptAnswer, type KeptClosing } from "./book-files.ts";
import { feeOf, netOf } from "./epoch.ts";
import { type KeptVoucher, type PrepaidAnswer, type PrepaidPlace, prepaidId } from "./prepaid.ts";

/** An answer that no settled epoch has yet. */
export interface Collected {
  id: Hash;
  payer: Address;
  modelId: bigint;
  /** Wei by the rates when it was answered. */
  net: bigint;
  /** Second of the chain's clock. */
  collectedAt: bigint;
}

/**
 * A host's book of answers that purses pay for. What it says it has is on the disk: an answer goes out after its file and its payer's
 * voucher are synced, and an epoch is sent after its composition is. After kill -9 it reads the same again.
 */
export class EpochBook {
  private readonly files: BookFiles;
  private readonly entries = new Map<Hash, Collected>();
  private readonly vouchers = new Map<Address, KeptVoucher>();
  private readonly limits = new Map<Address, KeptVoucher>();
  /** Compositions of epochs that are not over; of one number several, where one may still come after another was made. */
  private readonly composed: KeptClosing[] = [];
  private readonly writing = createMutex();
  /** By answer: the composition that it stands in. */
  private readonly standing = new Map<Hash, KeptClosing>();

  constructor(folder: string) {
    this.files = new BookFiles(folder);
  }

  /** Reads what an earlier run left. @throws CodedError `BOOK_INVALID`, `PREPAID_INVALID` for a damaged file. */
  async open(): Promise<void> {
    const { answers, closings, vouchers, limits } = await this.files.open();
    for (const id of answers) {
      const kept = await this.files.answer(id);
      if (kept) this.entries.set(id, collectedOf(id, kept));
    }
    for (const [payer, voucher] of vouchers) this.vouchers.set(payer, voucher);
    for (const [payer, voucher] of limits) this.limits.set(payer, voucher);
    for (const closing of closings.sort((a, b) => Number(a.number - b.number))) this.stand(closing);
  }

  /** Answers that no settled epoch has. */
  get size(): number {
    return this.entries.size;
  }

  /** Of one payer, those that the chain has not counted as spent: in no epoch up to number `closed`. */
  pendingOf(payer: Address, closed: bigint): Collected[] {
    return [...this.entries.values()].filter((one) => one.payer === payer && !this.isSpent(one.id, closed));
  }

  /** Answers that stand in no composition, the oldest first. */
  free(): Collected[] {
    const all = [...this.entries.values()].filter(({ id }) => !this.standing.has(id));
    return all.sort((a, b) => Number(a.collectedAt - b.collectedAt));
  }

  /** The largest voucher of a payer. */
  voucherOf(payer: Address): KeptVoucher | undefined {
    return this.vouchers.get(payer);
  }

  /** What a payer signed for its API keys. */
  limitOf(payer: Address): KeptVoucher | undefined {
    return this.limits.get(payer);
  }

  get limitCount(): number {
    return this.limits.size;
  }

  /** Keeps what a payer signed for its keys, in place of what it signed before; on the disk when it resolves. */
  async setLimit(payer: Address, voucher: KeptVoucher): Promise<void> {
    await this.writing.run(() => this.files.writeLimit(payer, voucher));
    this.limits.set(payer, voucher);
  }

  answer(id: Hash): Promise<KeptAnswer | undefined> {
    return this.files.answer(id);
  }

  /** The answer to a payer's request of that hash. */
  answerTo(payer: Address, requestHash: Hash): Promise<KeptAnswer | undefined> {
    return this.files.answer(prepaidId(payer, requestHash));
  }

  /** Compositions that are not over, by number. */
  closings(): readonly KeptClosing[] {
    return [...this.composed];
  }

  /** Keeps an answer and what pays for it; both are on the disk when it resolves. */
  async add(answer: PrepaidAnswer, collectedAt: bigint, voucher: KeptVoucher): Promise<void> {
    const id = prepaidId(answer.payer, answer.claim.requestHash);
    // In turn: a smaller one that comes meanwhile is only kept once the larger one is on the disk.
    await this.writing.run(async () => {
      const known = this.vouchers.get(answer.payer);
      if (known !== undefined && !isLarger(voucher, known)) return;
      await this.files.writeVoucher(answer.payer, voucher);
      this.vouchers.set(answer.payer, voucher);
    });
    // The same question that came by two vouchers at once: its epoch may have it already.
    if (this.entries.has(id)) return;
    const kept = { collectedAt, place: null, answer };
    await this.files.writeAnswer(id, kept);
    this.entries.set(id, collectedOf(id, kept));
  }

  /** Keeps an epoch's composition, before it is sent. Where there is one of its number, this stands in its place. */
  async compose(closing: KeptClosing): Promise<void> {
    await this.files.writeClosing(closing);
    this.stand(closing);
  }

  /** The epoch that the chain has of a number: answers of other compositions of it are free again. */
  async landed(number: bigint, root: Hash): Promise<KeptClosing | undefined> {
    const all = this.composed.filter((one) => one.number === number);
    const found = all.find((one) => one.root === root);
    for (const other of all) {
      if (other === found) continue;
      this.forget(other);
      await this.files.removeClosing(other);
    }
    if (found !== undefined) this.stand(found);
    return found;
  }

  /** Writes down where an epoch's answers stand. */
  async place(closing: KeptClosing, epochId: bigint): Promise<void> {
    for (const [position, id] of closing.ids.entries()) {
      const kept = await this.files.answer(id);
      const place: PrepaidPlace = { epochId, position };
      if (kept && kept.place?.epochId !== epochId) await this.files.writeAnswer(id, { ...kept, place });
    }
  }

  /** An epoch that is settled, or whose fees went back. */
  async finish(closing: KeptClosing): Promise<void> {
    await this.files.finish(closing);
    this.forget(closing);
    for (const id of closing.ids) this.entries.delete(id);
  }

  /** Answers of a composition that can't come are free again; it is kept until the chain has an epoch of its number. */
  release(closing: KeptClosing): void {
    for (const id of closing.ids) if (this.standing.get(id) === closing) this.standing.delete(id);
  }

  /** The composition of a number that is to be sent. */
  standingOf(number: bigint): KeptClosing | undefined {
    return this.composed.findLast((one) => one.number === number && this.standing.get(one.ids[0]!) === one);
  }

  private isSpent(id: Hash, closed: bigint): boolean {
    const closing = this.standing.get(id);
    return closing !== undefined && closing.number <= closed;
  }

  private stand(closing: KeptClosing): void {
    const { number, root } = closing;
    const same = this.composed.findIndex((one) => one.number === number && one.root === root);
    if (same >= 0) this.composed.splice(same, 1);
    this.composed.push(closing);
    for (const id of closing.ids) this.standing.set(id, closing);
  }

  private forget(closing: KeptClosing): void {
    const at = this.composed.indexOf(closing);
    if (at >= 0) this.composed.splice(at, 1);
    this.release(closing);
  }
}

/** What a payer owes for answers at the platform's present part, in wei; by model, since an epoch has one. */
export function feesOf(answers: readonly Pick<Collected, "modelId" | "net">[], platformBps: number): bigint {
  const nets = new Map<bigint, bigint>();
  for (const { modelId, net } of answers) nets.set(modelId, (nets.get(modelId) ?? 0n) + net);
  return [...nets.values()].reduce((sum, net) => sum + feeOf({ platformBps }, net), 0n);
}

function isLarger(a: KeptVoucher, b: KeptVoucher): boolean {
  return a.cumulative > b.cumulative || (a.cumulative === b.cumulative && a.validUntil > b.validUntil);
}

function collectedOf(id: Hash, { collectedAt, answer }: KeptAnswer): Collected {
  const { payer, claim, rateIn, rateOut } = answer;
  return { id, payer, modelId: claim.modelId, net: netOf({ rateIn, rateOut }, claim), collectedAt };
}
