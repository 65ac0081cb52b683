import { mkdir, open, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { parseReceipt, type Receipt, receiptToJson } from "../receipt/receipt.ts";

/** A receipt as its host keeps it. */
export interface KeptReceipt {
  receipt: Receipt;
  /** The payer let everybody read it. */
  published: boolean;
}

const keptSchema = z.object({ published: z.boolean(), receipt: z.unknown() });

/** The receipts of one host, a file each. */
export class ReceiptFiles {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes the folder and gives the requests that have a receipt. */
  async open(): Promise<bigint[]> {
    await mkdir(this.folder, { recursive: true });
    const names = await readdir(this.folder);
    return names.filter((name) => /^\d+\.json$/.test(name)).map((name) => BigInt(name.slice(0, -5)));
  }

  /** The receipt of a request, if there is one. @throws CodedError `RECEIPT_INVALID` for a damaged file. */
  async read(requestId: bigint): Promise<KeptReceipt | undefined> {
    try {
      const kept = keptSchema.parse(JSON.parse(await readFile(this.path(requestId), "utf8")));
      return { published: kept.published, receipt: parseReceipt(kept.receipt) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Whole or not at all: a receipt is what the payout is asked for with. */
  async write({ receipt, published }: KeptReceipt): Promise<void> {
    const path = this.path(receipt.request.requestId);
    const file = await open(`${path}.part`, "w");
    try {
      await file.writeFile(`${JSON.stringify({ published, receipt: receiptToJson(receipt) }, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.part`, path);
  }

  private path(requestId: bigint): string {
    return join(this.folder, `${requestId}.json`);
  }
}
