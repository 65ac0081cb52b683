import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";

/** Copies kept of L1's state, the newest first. */
const COPIES = ["previous", "older"] as const;

/**
 * L1's state on disk. anvil writes over the old file while it writes the new one, so that one killed in between leaves
 * half a file; copies of whole ones let L1 come back a few blocks shorter instead of not at all.
 */
export class L1State {
  private readonly file: string;
  private copied = 0;

  constructor(file: string) {
    this.file = file;
  }

  /** Call it now and then: takes a copy when anvil wrote a new state. Where that fails, the copies stay as they are. */
  copy(): void {
    try {
      this.takeCopy();
    } catch {
      // A full disk, or a file that is just being renamed: the next call tries again.
    }
  }

  private takeCopy(): void {
    if (!existsSync(this.file)) return;
    const { mtimeMs } = statSync(this.file);
    if (mtimeMs === this.copied) return;
    const [previous, older] = COPIES.map((name) => `${this.file}.${name}`) as [string, string];
    const fresh = `${this.file}.copying`;
    // Not copyFileSync: it never ends when anvil shortens the file under it.
    writeFileSync(fresh, readFileSync(this.file));
    if (!endsAsObject(fresh)) return;
    if (existsSync(previous)) renameSync(previous, older);
    renameSync(fresh, previous);
    this.copied = mtimeMs;
  }

  /** Puts the newest whole copy in the place of a state that was cut off. True if it did. */
  repair(): boolean {
    if (!existsSync(this.file) || isWhole(this.file)) return false;
    const copy = COPIES.map((name) => `${this.file}.${name}`).find(
      (file) => existsSync(file) && isWhole(file),
    );
    if (copy === undefined) return false;
    copyFileSync(copy, `${this.file}.copying`);
    renameSync(`${this.file}.copying`, this.file);
    return true;
  }
}

/** A cheap look that leaves out nearly all files caught half written; {@link isWhole} decides when one is used. */
function endsAsObject(file: string): boolean {
  const { size } = statSync(file);
  const end = new Uint8Array(1);
  const handle = openSync(file, "r");
  try {
    return size > 2 && readSync(handle, end, 0, 1, size - 1) === 1 && end[0] === "}".charCodeAt(0);
  } finally {
    closeSync(handle);
  }
}

function isWhole(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
}
