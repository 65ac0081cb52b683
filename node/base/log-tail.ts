/** Lines that are kept, and characters of each. */
const MOST_LINES = 500;
const MOST_CHARACTERS = 2_000;

/** The newest lines of a log, in memory. */
export class LogTail {
  private readonly lines: string[] = [];

  /** Takes one finished line, with its line break. */
  add(line: string): void {
    const text = line.trimEnd();
    this.lines.push(text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text);
    if (this.lines.length > MOST_LINES) this.lines.shift();
  }

  /** The newest `count` lines, oldest first. */
  newest(count: number): readonly string[] {
    return this.lines.slice(-count);
  }
}
