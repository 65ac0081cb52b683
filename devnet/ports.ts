import { createServer } from "node:net";
import { devnetError } from "./errors.ts";

/**
 * Binds and releases `port` on loopback.
 * @param leftOver processes that may hold it because their supervisor was killed; the error names them.
 * @throws CodedError PORT_BUSY naming the flag that moves it.
 */
export function requireFreePort(
  port: number,
  what: string,
  flag: string,
  leftOver: readonly number[] = [],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (cause) => {
      reject(
        devnetError("PORT_BUSY", {
          message: `port ${port} for ${what} is in use`,
          fix: `${whom(leftOver)}, or choose another port with ${flag}`,
          facts: { port, flag, leftOver },
          cause,
        }),
      );
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
}

function whom(leftOver: readonly number[]): string {
  if (leftOver.length === 0) return "stop the program that holds it";
  return `stop what a killed devnet left running (processes ${leftOver.join(", ")} of devnet.json)`;
}

/** A port that is free now, from the operating system. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
