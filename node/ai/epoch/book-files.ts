import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { replaceFileParts } from "../../base/files.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import { answerFields, withDigits } from "../receipt/receipt.ts";
import { type KeptVoucher, type PrepaidAnswer, type PrepaidPlace, parsePrepaid } from "./prepaid.ts";

const { hash, address, integer, count, bps, signature } = answerFields;

const voucherSchema = z.strictObject({ cumulative: integer, validUntil: integer, signature });
const keptSchema = z.strictObject({
  collectedAt: integer,
  place: z.strictObject({ epochId: integer, position: count }).nullable(),
  answer: z.unknown(),
});
const closingSchema = z.strictObject({
  number: integer,
  modelId: integer,
  rateIn: integer,
  rateOut: integer,
  platformBps: bps,
  contributorsBps: bps,
  root: hash,
  contents: hash,
  /** Answers in the order of the epoch's leaves. */
  ids: z.array(hash).min(1),
  vouchers: z.array(z.strictObject({ payer: address, ...voucherSchema.shape })).min(1),
});

/** An epoch as its host composed it, before it is on chain and after. */
export type KeptClosing = z.output<typeof closingSchema>;

/** An answer on the disk. */
export interface KeptAnswer {
  /** Second of the chain's clock. */
  collectedAt: bigint;
  place: PrepaidPlace | null;
  answer: PrepaidAnswer;
}

/** What is on the disk when a host starts. */
interface KeptBook {
  answers: Hash[];
  closings: KeptClosing[];
  vouchers: [Address, KeptVoucher][];
  limits: [Address, KeptVoucher][];
}

/** A file each: answers that wait or are over, closings that wait or are over, each payer's largest voucher and what it signed for its keys. */
export class BookFiles {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async open(): Promise<KeptBook> {
    for (const name of ["open", "over", "closings", "closed", "vouchers", "limits"])
      await mkdir(join(this.folder, name), { recursive: true });
    const answers = await this.names("open", /^0x[0-9a-f]{64}$/);
    const closings: KeptClosing[] = [];
    for (const name of await this.names("closings", /^\d+-0x[0-9a-f]{64}$/))
      closings.push(await this.json(join("closings", name), closingSchema));
    const [vouchers, limits] = [await this.signed("vouchers"), await this.signed("limits")];
    return { answers: answers as Hash[], closings, vouchers, limits };
  }

  private async signed(folder: "vouchers" | "limits"): Promise<[Address, KeptVoucher][]> {
    const found: [Address, KeptVoucher][] = [];
    for (const name of await this.names(folder, /^0x[0-9a-f]{40}$/))
      found.push([name as Address, await this.json(join(folder, name), voucherSchema)]);
    return found;
  }

  /** An answer, whether it waits or is over. @throws CodedError `BOOK_INVALID`, `PREPAID_INVALID` for a damaged file. */
  async answer(id: Hash): Promise<KeptAnswer | undefined> {
    for (const folder of ["open", "over"]) {
      try {
        const kept = await this.json(join(folder, id), keptSchema);
        return { ...kept, answer: parsePrepaid(kept.answer) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
    return undefined;
  }

  writeAnswer(id: Hash, kept: KeptAnswer): Promise<void> {
    return this.write(join("open", id), kept);
  }

  writeVoucher(payer: Address, voucher: KeptVoucher): Promise<void> {
    return this.write(join("vouchers", payer), voucher);
  }

  writeLimit(payer: Address, voucher: KeptVoucher): Promise<void> {
    return this.write(join("limits", payer), voucher);
  }

  writeClosing(closing: KeptClosing): Promise<void> {
    return this.write(join("closings", nameOf(closing)), closing);
  }

  /** A closing that can't come any more, or one that was never there. */
  removeClosing(closing: KeptClosing): Promise<void> {
    return rm(this.path(join("closings", nameOf(closing))), { force: true });
  }

  /** An epoch is over: its files are only kept. */
  async finish(closing: KeptClosing): Promise<void> {
    for (const id of closing.ids) await this.move(join("open", id), join("over", id));
    await this.move(join("closings", nameOf(closing)), join("closed", nameOf(closing)));
  }

  private async move(from: string, to: string): Promise<void> {
    try {
      await rename(this.path(from), this.path(to));
    } catch (error) {
      // It was moved before a crash.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }

  private path(name: string): string {
    return join(this.folder, `${name}.json`);
  }

  private async names(folder: string, pattern: RegExp): Promise<string[]> {
    const names = await readdir(join(this.folder, folder));
    return names.map((name) => name.replace(/\.json$/, "")).filter((name) => pattern.test(name));
  }

  private async json<T extends z.ZodType>(name: string, schema: T): Promise<z.output<T>> {
    const path = this.path(name);
    const text = await readFile(path, "utf8");
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw aiError("BOOK_INVALID", {
        message: `${path} is no file of a host's book`,
        fix: "put the file back from a copy; without it a payer's answers or voucher are lost",
        facts: { path },
        cause,
      });
    }
  }

  /** Whole or not at all, and on the disk before it returns. */
  private write(name: string, value: unknown): Promise<void> {
    const text = `${JSON.stringify(withDigits(value))}\n`;
    return replaceFileParts(this.path(name), [new TextEncoder().encode(text)]);
  }
}

function nameOf({ number, root }: Pick<KeptClosing, "number" | "root">): string {
  return `${number}-${root}`;
}
