import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ANVIL_KEYS, freePort } from "../../../test/harness/anvil.ts";
import { silentLogger } from "../../base/logger.ts";
import { type ContentStore, openContentStore } from "../../store/content/content-store.ts";
import { createAiService } from "./service.ts";

let folder: string;
let store: ContentStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ai-service-"));
  store = await openContentStore(join(folder, "content"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a fault of the host leaves the watcher and the mirror alone, and the host starts again", async () => {
  let looks = 0;
  const url = `http://127.0.0.1:${await freePort()}`;
  const service = createAiService({
    rpcUrl: () => url,
    store,
    folder,
    addresses: () => {
      if (looks++ === 0) throw new TypeError("an oversight");
      return undefined;
    },
    hostKey: ANVIL_KEYS[0],
    watcherKey: ANVIL_KEYS[1],
    peers: [url],
    logger: silentLogger,
  });
  service.start();
  const host = () => service.parts()[0]!;
  await expect.poll(() => host().state).toBe("restarting");
  expect(host()).toMatchObject({ name: "host", error: { message: "an oversight" } });
  expect(service.parts().map(({ name }) => name)).toEqual(["host", "watcher", "mirror"]);
  await expect.poll(() => host().state, { timeout: 5_000 }).toBe("running");
  expect(service.parts().map(({ restarts }) => restarts)).toEqual([1, 0, 0]);
  await service.stop();
  expect(service.parts().every(({ state }) => state === "stopped")).toBe(true);
});
