import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { silentLogger } from "../../base/logger.ts";
import { openContentStore } from "../../store/content/content-store.ts";
import { WorkerLink } from "../worker/link.ts";
import { createAiService } from "./service.ts";

const coded = (code: string) => expect.objectContaining({ code });

test("a node without a worker says so; one whose worker is gone says when to try again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ai-service-"));
  const store = await openContentStore(join(folder, "content"));
  const uploads = { folder, maxBytes: 2 ** 30 };
  const shared = { rpcUrl: () => "", store, addresses: () => undefined, logger: silentLogger, uploads };
  const alone = createAiService(shared);
  expect(await alone.methods.openledger_protocol!([])).toBe(null);
  expect(await alone.methods.openledger_host!([])).toBe(null);
  expect(await alone.methods.openledger_watcher!([])).toBe(null);
  for (const method of ["openledger_ask", "openledger_getReceipt", "openledger_publishReceipt"])
    expect(() => alone.methods[method]!([1]), method).toThrow(coded("HOST_ABSENT"));
  const link = new WorkerLink({ socketPath: join(folder, "none") });
  const part = { name: "ai-worker", run: () => Promise.reject(new Error("it ended")) };
  const hostAddress = `0x${"11".repeat(20)}` as const;
  const gone = createAiService({
    ...shared,
    hostAddress,
    worker: { link, part, close: async () => undefined },
  });
  gone.start();
  expect(await gone.methods.openledger_host!([])).toBe(hostAddress);
  await expect(gone.methods.openledger_ask!([1])).rejects.toThrow(coded("AI_WORKER_UNREACHABLE"));
  expect(gone.parts()).toMatchObject([
    { name: "ai-worker", state: "restarting" },
    { name: "mirror", state: "running" },
  ]);
  expect(gone.queue()).toBeUndefined();
  await gone.stop();
  await rm(folder, { recursive: true });
});
