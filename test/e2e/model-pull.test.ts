import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMIT, HubServer, NAME } from "../../node/ai/testing/hub-server.ts";
import { tinyModelFiles } from "../../node/ai/testing/tiny-model.ts";
import { OPENLEDGER, openledger, Program, refusal } from "./program.ts";

const WEIGHTS = "model.safetensors";
const PATH = `/${NAME}/resolve/${COMMIT}/${WEIGHTS}`;

describe("a model from a hub on the command line", () => {
  let hub: HubServer;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "pull-"));
    hub = new HubServer(new Map(tinyModelFiles()));
    await hub.start();
  });
  afterAll(async () => {
    await hub.stop();
    rmSync(folder, { recursive: true });
  });

  const out = () => join(folder, "model");
  const args = () => ["model", "pull", NAME, "--out", out()];
  const env = () => ({ HF_ENDPOINT: hub.url });

  test("is there after a kill -9 in the middle, every byte fetched once, its licence shown", async () => {
    const weights = hub.files.get(WEIGHTS)!;
    const half = Math.floor(weights.length / 2);
    hub.misbehave = (request, response) => {
      if (request.url !== PATH || request.headers.range !== undefined) return false;
      response.writeHead(200, { "content-length": weights.length });
      response.write(weights.subarray(0, half));
      return true;
    };
    const first = new Program(process.execPath, [OPENLEDGER, ...args()], { env: env() });
    const part = () => {
      const name = readdirSync(out()).find((file) => file.endsWith(".part"));
      return name === undefined ? 0 : readFileSync(join(out(), name)).length;
    };
    await first.says("licence: apache-2.0");
    await expect.poll(part, { timeout: 20_000 }).toBe(half);
    await first.signal("SIGKILL");

    const second = await openledger(args(), { env: env() });
    expect(second).toMatchObject({ status: 0, stdout: expect.stringContaining("every file has its hash") });
    expect(hub.requests.at(-1)).toMatchObject({ path: PATH, range: `bytes=${half}-${weights.length - 1}` });
    expect(readFileSync(join(out(), WEIGHTS)).equals(weights)).toBe(true);
    expect(readdirSync(out()).sort()).toEqual([...tinyModelFiles().keys()].sort());
  });

  test("is described", async () => {
    const { status, stdout } = await openledger(["model", "inspect", out()]);
    expect(status).toBe(0);
    for (const line of [
      /^format +safetensors: F32 1 MiB$/m,
      /^architecture +llama, 2 layers, width 64/m,
      /^context +96 tokens$/m,
      /^tokenizer +BPE, 2048 tokens/m,
      /^chat template +none/m,
      /^memory to fine-tune it .*: \d+ MiB \(weights 1 MiB, adapter \d+ MiB, activations \d+ MiB/m,
    ])
      expect(stdout).toMatch(line);
    const { memory } = JSON.parse((await openledger(["--json", "model", "inspect", out()])).stdout) as {
      memory: { serving: { name: string; bytes: number }[] };
    };
    expect(memory.serving[0]).toEqual({ name: "weights", bytes: expect.any(Number) });
  });

  test("a hub that is not there, and one that must not be asked", async () => {
    const gone = await openledger(args(), { env: { HF_ENDPOINT: "http://127.0.0.1:1" } });
    expect(refusal(gone)).toMatchObject({ status: 1, code: "HUB_UNREACHABLE" });
    const offline = await openledger(args(), { env: { ...env(), HF_HUB_OFFLINE: "1" } });
    expect(refusal(offline)).toMatchObject({ status: 1, code: "HUB_OFFLINE" });
    const size = await openledger([...args(), "--max-size", "lots"], { env: env() });
    expect(refusal(size)).toMatchObject({ status: 1, code: "NUMBER_INVALID" });
  });
});
