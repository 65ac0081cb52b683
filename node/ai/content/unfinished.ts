import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { appendFile, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { noParts, type PartsEnd } from "../../chain/content-parts.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";

/** An upload that is not whole. */
export interface Unfinished {
  hash: Hash;
  /** Who signed for it; absent: the chain names it. */
  sender: Address | undefined;
  /** What is here and checked. */
  end: PartsEnd;
  /** Seconds since 1970 when it was begun, or its last part came. */
  since: number;
}

const LOG = ".log";
const NAME = /^([0-9a-f]{40}|named)-([0-9a-f]{64})(\.log)?$/;
/** A byte from which on all is here, and SHA-256's state before it; in the first line the length and the hash. */
const LINE = /^(\d{1,15}) (0x[0-9a-f]{64})$/;

/**
 * Uploads on their way, on disk: one file of the bytes that came, and one of how far they are checked, a line a part. A part is handed to the
 * operating system before its line, and both before anybody is told that it is here: a process that ends loses none.
 */
export class UnfinishedFiles {
  private readonly folder: string;
  private readonly all = new Map<string, Unfinished>();

  /** Reads what an earlier process left in the folder. */
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      const [, sender, hash, isLog] = NAME.exec(name) ?? [];
      if (sender === undefined || hash === undefined || isLog === undefined) continue;
      const known = readLog(join(folder, name), `0x${hash}`);
      const whose = sender === "named" ? undefined : (`0x${sender}` as const);
      if (known) this.all.set(name.slice(0, -LOG.length), { hash: `0x${hash}`, sender: whose, ...known });
    }
    this.removeStrays();
  }

  list(): readonly Unfinished[] {
    return [...this.all.values()];
  }

  find(hash: Hash, sender: Address | undefined): Unfinished | undefined {
    return this.all.get(nameOf(hash, sender));
  }

  /** Begins an upload; one of the same name is begun anew. */
  async begin(hash: Hash, sender: Address | undefined, total: number, since: number): Promise<Unfinished> {
    const upload = { hash, sender, end: noParts(hash, total), since };
    await this.drop(upload);
    const path = this.pathOf(upload);
    await writeFile(path, "");
    await writeFile(`${path}${LOG}`, `${total} ${hash}\n`);
    this.all.set(nameOf(hash, sender), upload);
    return upload;
  }

  /** Keeps a part that came now and was checked; `end` is what is checked with it. */
  async keep(upload: Unfinished, bytes: Uint8Array, end: PartsEnd, since: number): Promise<void> {
    const path = this.pathOf(upload);
    const file = await open(path, "r+");
    try {
      for (let done = 0; done < bytes.length; )
        done += (await file.write(bytes, done, bytes.length - done, end.from + done)).bytesWritten;
    } finally {
      await file.close();
    }
    await appendFile(`${path}${LOG}`, `${end.from} ${end.expects}\n`);
    upload.end = end;
    upload.since = since;
  }

  /** Its bytes, once all of them are here. */
  async read(upload: Unfinished): Promise<Uint8Array> {
    return new Uint8Array(await readFile(this.pathOf(upload)));
  }

  async drop(upload: Pick<Unfinished, "hash" | "sender">): Promise<void> {
    this.all.delete(nameOf(upload.hash, upload.sender));
    const path = this.pathOf(upload);
    await rm(`${path}${LOG}`, { force: true });
    await rm(path, { force: true });
  }

  private pathOf({ hash, sender }: Pick<Unfinished, "hash" | "sender">): string {
    return join(this.folder, nameOf(hash, sender));
  }

  /** A crash between two files leaves one without the other. */
  private removeStrays(): void {
    for (const name of readdirSync(this.folder)) {
      const bare = name.endsWith(LOG) ? name.slice(0, -LOG.length) : name;
      if (NAME.test(name) && !this.all.has(bare)) rmSync(join(this.folder, name), { force: true });
    }
  }
}

function nameOf(hash: Hash, sender: Address | undefined): string {
  return `${sender?.slice(2) ?? "named"}-${hash.slice(2)}`;
}

/** The last whole line tells how far it is; the first one its length. */
function readLog(path: string, hash: Hash): Pick<Unfinished, "end" | "since"> | undefined {
  const text = readFileSync(path, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) writeFileSync(path, whole);
  const lines = whole.split("\n").slice(0, -1);
  const [first, last] = [LINE.exec(lines[0] ?? ""), LINE.exec(lines.at(-1) ?? "")];
  if (first === null || last === null || first[2] !== hash) return undefined;
  const end = { total: Number(first[1]), from: Number(last[1]), expects: last[2] as Hash };
  return { end, since: statSync(path).mtimeMs / 1000 };
}
