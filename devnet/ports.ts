import { createServer } from "node:net";
import { CodedError } from "../node/base/errors.ts";

/** Binds and releases `port` on loopback. @throws CodedError PORT_BUSY naming the flag that moves it. */
export function requireFreePort(port: number, what: string, flag: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (cause) => {
      reject(
        new CodedError("PORT_BUSY", {
          message: `port ${port} for ${what} is in use`,
          fix: `stop the program that holds it, or choose another port with ${flag}`,
          facts: { port, flag },
          cause,
        }),
      );
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
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
