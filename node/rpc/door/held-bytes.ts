/** Bytes of requests that are being read and of answers that nobody has taken yet, of all connections together. */
export class HeldBytes {
  private readonly most: number;
  private now = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** False: too many are held already. */
  tryTake(bytes: number): boolean {
    if (this.now + bytes > this.most) return false;
    this.now += bytes;
    return true;
  }

  take(bytes: number): void {
    this.now += bytes;
  }

  release(bytes: number): void {
    this.now -= bytes;
  }
}
