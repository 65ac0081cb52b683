import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Session } from "../../native/js/index.ts";
import { openModelSource } from "../../node/ai/model/files.ts";
import { loadNativeModel } from "../../node/ai/model/load.ts";
import { MADE_MODELS, madeAdapter, writeMadeModel } from "./made-model.ts";

const folder = await mkdtemp(join(tmpdir(), "made-model-"));
afterAll(() => rm(folder, { recursive: true }));

test("a made model loads as any does, and its factors have gradients on both sides", async () => {
  const count = await writeMadeModel(folder, { ...MADE_MODELS["5m"]!, layers: 1 });
  expect(count).toBe(1_311_488);
  const { native } = loadNativeModel(await openModelSource(folder));
  const { adapter, flat } = madeAdapter(native);
  const session = new Session({ threads: 1 });
  const examples = [{ ids: [1, 2, 3, 4], completionStart: 2 }];
  const { rows, dimension } = await session.loraGradients({ model: native, adapter, examples }).wait();
  expect(dimension).toBe(flat.length);
  // A [8, 256] of q_proj, then its B [256, 8].
  expect(rows.subarray(0, 2_048).some((value) => value !== 0)).toBe(true);
  expect(rows.subarray(2_048, 4_096).some((value) => value !== 0)).toBe(true);
  session.close();
  native.close();
});
