import { existsSync, readFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { replaceFile } from "../../base/files.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { Holding } from "./holdings.ts";

/** What counts against nobody's quota any more: lists of before there were quotas name no sender. */
const NOBODY: Address = `0x${"00".repeat(20)}`;
/** Lines of the list that need not be any more, before it is written anew. */
const MAX_STALE_LINES = 4_096;
const LINE = /^([+-])(0x[0-9a-f]{64})(?: (\d{1,15}))?(?: (0x[0-9a-f]{40}) (\d{1,12}))?$/;

/**
 * The list, on disk, of the whole contents that somebody brought and the chain does not name: whose each is, what it counts as, since when it is
 * here. A content stands on it before it is there: a crash between leaves a line too many, never a file.
 */
export class UnnamedList {
  private readonly file: string;
  private readonly all = new Map<Hash, Holding>();
  private lines = 0;

  /** Reads the list where there is one. */
  constructor(file: string) {
    this.file = file;
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, "utf8").split("\n")) {
      const [, sign, hash, bytes, sender = NOBODY, since = "0"] = LINE.exec(line) ?? [];
      // A crash may have cut the last line off.
      if (sign === "+" && bytes !== undefined) {
        const whose = { hash: hash as Hash, sender: sender as Address };
        this.all.set(whose.hash, {
          ...whose,
          bytes: Number(bytes),
          since: Number(since),
          isWhole: true,
        });
      }
      if (sign === "-") this.all.delete(hash as Hash);
    }
    this.writeAnew();
  }

  list(): readonly Holding[] {
    return [...this.all.values()];
  }

  async add(holding: Holding): Promise<void> {
    this.all.set(holding.hash, holding);
    await this.write(lineOf(holding));
  }

  async remove(hash: Hash): Promise<void> {
    if (this.all.delete(hash)) await this.write(`-${hash}\n`);
  }

  private async write(line: string): Promise<void> {
    this.lines++;
    if (this.lines > 2 * this.all.size + MAX_STALE_LINES) return this.writeAnew();
    await appendFile(this.file, line);
  }

  private writeAnew(): void {
    replaceFile(this.file, [...this.all.values()].map(lineOf).join(""));
    this.lines = this.all.size;
  }
}

function lineOf({ hash, bytes, sender, since }: Holding): string {
  return `+${hash} ${bytes} ${sender} ${Math.floor(since)}\n`;
}
