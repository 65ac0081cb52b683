import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { COMMIT, HubServer, json, NAME, sendBytes } from "../testing/hub-server.ts";
import { tinyModelFiles } from "../testing/tiny-model.ts";
import type { DownloadOptions } from "./download.ts";
import { describeHubModel } from "./listing.ts";
import { planPull, pullModel } from "./pull.ts";
import { parseModelReference } from "./reference.ts";

const WEIGHTS = "model.safetensors";
const WEIGHTS_PATH = `/${NAME}/resolve/${COMMIT}/${WEIGHTS}`;
const TREE = `/api/models/${NAME}/tree/${COMMIT}`;
const FAST = { backoffMs: 1, timeoutMs: 20_000 };

let hub: HubServer;
let folder: string;
beforeEach(async () => {
  const weights = new Uint8Array(300_000).map((_, index) => (index * 31) % 251);
  hub = new HubServer(new Map([...tinyModelFiles(), [WEIGHTS, weights]]));
  hub.files.set("README.md", new TextEncoder().encode("a model\n"));
  hub.files.set("training_args.bin", new Uint8Array(10));
  hub.files.set("onnx/model.safetensors", new Uint8Array(10));
  await hub.start();
  folder = await mkdtemp(join(tmpdir(), "hub-"));
});
afterEach(async () => {
  await hub.stop();
  await rm(folder, { recursive: true });
});

async function pull(options: DownloadOptions = {}, id = NAME, maxBytes = 2 ** 30) {
  const model = await describeHubModel(parseModelReference(id, hub.url), { ...FAST, ...options });
  const plan = planPull(model, maxBytes);
  await pullModel(plan, join(folder, "model"), { ...FAST, ...options });
  return plan;
}

const isFetched = async (name: string) =>
  (await readFile(join(folder, "model", name))).equals(hub.files.get(name)!);
const requestsOf = (path: string) => hub.requests.filter((request) => request.path === path);

describe("a model on a hub", () => {
  test("comes with its licence and all its files, and with nothing else", async () => {
    const seen: number[] = [];
    const plan = await pull({ onBytes: (done) => seen.push(done) });
    expect(plan.model).toMatchObject({ commit: COMMIT, licence: "apache-2.0" });
    expect((await readdir(join(folder, "model"))).sort()).toEqual(
      [...tinyModelFiles().keys(), "README.md"].sort(),
    );
    expect(await isFetched(WEIGHTS)).toBe(true);
    expect(seen.at(-1)).toBe(plan.bytes);
  });

  test("is not fetched again, but checked", async () => {
    await pull();
    const first = hub.requests.length;
    await writeFile(join(folder, "model", "README.md"), "a mXdel\n");
    await pull();
    expect(hub.requests.slice(first).map(({ path }) => path.split("/").at(-1))).toEqual([
      "main",
      COMMIT,
      "README.md",
    ]);
  });

  test("goes on where a pull was ended", async () => {
    const stop = new AbortController();
    hub.misbehave = (request, response) => {
      if (!request.url?.startsWith(WEIGHTS_PATH)) return false;
      response.writeHead(200, { "content-length": 300_000 });
      response.write(hub.files.get(WEIGHTS)!.subarray(0, 100_000), () =>
        setTimeout(() => stop.abort(new Error("ended by the user")), 50),
      );
      return true;
    };
    await expect(pull({ signal: stop.signal })).rejects.toThrow("ended by the user");
    hub.misbehave = () => false;
    await pull();
    expect(requestsOf(WEIGHTS_PATH).at(-1)?.range).toBe("bytes=100000-299999");
    expect(await isFetched(WEIGHTS)).toBe(true);
  });

  test("survives a connection that breaks again and again, as long as it brings something", async () => {
    hub.misbehave = (request, response) => {
      if (!request.url?.startsWith(WEIGHTS_PATH)) return false;
      sendBytes(response, hub.files.get(WEIGHTS)!, request.headers.range, 40_000);
      return true;
    };
    await pull();
    expect(requestsOf(WEIGHTS_PATH).length).toBeGreaterThanOrEqual(7);
    expect(await isFetched(WEIGHTS)).toBe(true);
  });

  test("begins again where the server knows no ranges, or gives another part", async () => {
    for (const status of [200, 206]) {
      await rm(join(folder, "model"), { recursive: true, force: true });
      hub.misbehave = (request, response, count) => {
        if (!request.url?.startsWith(WEIGHTS_PATH)) return false;
        const { range } = request.headers;
        if (range === undefined && requestsOf(WEIGHTS_PATH).length % 3 === 1) {
          sendBytes(response, hub.files.get(WEIGHTS)!, undefined, 40_000);
        } else if (range === undefined) return false;
        else {
          response.writeHead(status, { "content-range": "bytes 0-299999/300000" });
          response.end(hub.files.get(WEIGHTS)!);
        }
        return count > 0;
      };
      await pull();
      expect(await isFetched(WEIGHTS)).toBe(true);
    }
  });
});

describe("a hub that misbehaves", () => {
  test("gives other bytes than it names: nothing is kept", async () => {
    const wrong = hub.files.get(WEIGHTS)!.slice();
    wrong[7]! ^= 1;
    hub.misbehave = (request, response) => {
      if (!request.url?.startsWith(WEIGHTS_PATH)) return false;
      sendBytes(response, wrong, request.headers.range);
      return true;
    };
    await expect(pull()).rejects.toMatchObject({ code: "HUB_HASH_MISMATCH" });
    expect((await readdir(join(folder, "model"))).filter((name) => name.startsWith(WEIGHTS))).toEqual([]);
  });

  test.each([
    ["a short body", 299_999, "HUB_UNREACHABLE"],
    ["a long body", 300_001, "HUB_ANSWER_INVALID"],
  ])("%s of no length named", async (_, length, code) => {
    hub.misbehave = (request, response) => {
      if (!request.url?.startsWith(WEIGHTS_PATH) || request.headers.range) {
        if (!request.headers.range) return false;
        response.writeHead(206, { "content-range": "bytes 299999-299999/300000" }).end();
        return true;
      }
      response.writeHead(200);
      const bytes = new Uint8Array(length);
      bytes.set(hub.files.get(WEIGHTS)!.subarray(0, length));
      response.end(bytes);
      return true;
    };
    await expect(pull()).rejects.toMatchObject({ code });
  });

  test.each([
    ["a circle of redirects", (from: string) => from],
    ["another protocol", () => "file:///etc/passwd"],
  ])("%s", async (_, target) => {
    hub.misbehave = (request, response) => {
      response.writeHead(302, { location: target(request.url!) }).end();
      return true;
    };
    await expect(pull()).rejects.toMatchObject({ code: "HUB_ANSWER_INVALID" });
    expect(hub.requests.length).toBeLessThan(10);
  });

  test.each([
    "../evil.safetensors",
    "a/../../evil.safetensors",
    "/etc/cron.d/evil",
    "..\\evil.safetensors",
    "model.safetensors",
  ])("lists a file %s beside the others", async (path) => {
    hub.misbehave = (request, response) => {
      if (!request.url?.startsWith(TREE)) return false;
      json(response, [...hub.tree(), { ...hub.tree().at(-1), path }]);
      return true;
    };
    await expect(pull()).rejects.toMatchObject({ code: "HUB_ANSWER_INVALID" });
    expect(await readdir(folder)).toEqual([]);
  });

  test("lists sizes that are none, or too many files, or without end", async () => {
    const lists: unknown[] = [
      [{ type: "file", path: WEIGHTS, size: -1, oid: "0".repeat(40) }],
      [{ type: "file", path: WEIGHTS, size: 10, oid: "none" }],
      Array.from({ length: 10_001 }, (_, i) => ({
        type: "file",
        path: `f${i}`,
        size: 1,
        oid: "0".repeat(40),
      })),
      "x".repeat(17 * 1024 * 1024),
    ];
    for (const list of lists) {
      hub.misbehave = (request, response) => {
        if (!request.url?.startsWith(TREE)) return false;
        json(response, list);
        return true;
      };
      await expect(pull()).rejects.toMatchObject({ code: "HUB_ANSWER_INVALID" });
    }
    hub.misbehave = (request, response) => {
      if (!request.url?.startsWith(TREE)) return false;
      response.setHeader("link", `<${hub.url}${TREE}?page=2>; rel="next"`);
      json(response, []);
      return true;
    };
    await expect(pull()).rejects.toMatchObject({ code: "HUB_ANSWER_INVALID" });
  });

  test("does not answer, or stops in the middle", async () => {
    hub.misbehave = (request, response) => {
      if (!request.url?.startsWith(WEIGHTS_PATH)) return false;
      response.writeHead(200, { "content-length": 300_000 });
      response.flushHeaders();
      return true;
    };
    await expect(pull({ timeoutMs: 100 })).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
    hub.misbehave = () => true;
    await expect(pull({ timeoutMs: 100 })).rejects.toMatchObject({
      code: "HUB_UNREACHABLE",
      message: expect.stringContaining("no answer in 100 ms"),
    });
  });

  test("never gets a token that another server was given", async () => {
    const other = new HubServer(hub.files);
    await other.start();
    hub.misbehave = (request, response) => {
      if (!request.url?.startsWith(WEIGHTS_PATH)) return false;
      response.writeHead(302, { location: `${other.url}${request.url}` }).end();
      return true;
    };
    await pull({ token: "hf_secret" });
    await other.stop();
    expect(requestsOf(WEIGHTS_PATH)[0]?.authorization).toBe("Bearer hf_secret");
    expect(other.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(await isFetched(WEIGHTS)).toBe(true);
  });
});

describe("what is refused before anything is fetched", () => {
  test.each([
    ["too many bytes", {}, 300_000, "HUB_MODEL_TOO_LARGE"],
    ["no weights", { [WEIGHTS]: undefined }, 2 ** 30, "HUB_MODEL_UNSUPPORTED"],
    [
      "several .gguf files",
      { [WEIGHTS]: undefined, "a.gguf": "1", "b.gguf": "2" },
      2 ** 30,
      "HUB_FILE_AMBIGUOUS",
    ],
  ] as [string, Record<string, string | undefined>, number, string][])("%s", async (_, files, most, code) => {
    for (const [name, text] of Object.entries(files)) {
      if (text === undefined) hub.files.delete(name);
      else hub.files.set(name, new TextEncoder().encode(text));
    }
    await expect(pull({}, NAME, most)).rejects.toMatchObject({ code });
    expect(hub.requests.length).toBe(2);
  });

  test("a model whose config is of no known family: its weights stay where they are", async () => {
    hub.files.set("config.json", new TextEncoder().encode('{"model_type":"gpt2"}'));
    await expect(pull()).rejects.toMatchObject({ code: "MODEL_CONFIG_INVALID" });
    expect(requestsOf(WEIGHTS_PATH)).toEqual([]);
  });

  test("a place where a link leads elsewhere", async () => {
    await pull();
    await rm(join(folder, "model", WEIGHTS));
    await symlink(join(folder, "elsewhere"), join(folder, "model", WEIGHTS));
    await expect(pull()).rejects.toMatchObject({ code: "HUB_TARGET_INVALID" });
    expect(await readdir(folder)).toEqual(["model"]);
  });

  test("a model that is not there, that is gated, and a hub that can't be found", async () => {
    await expect(pull({}, "friends/other")).rejects.toMatchObject({ code: "HUB_MODEL_UNKNOWN" });
    hub.misbehave = (_, response) => {
      response.writeHead(401).end();
      return true;
    };
    await expect(pull()).rejects.toMatchObject({ code: "HUB_REFUSED" });
    const gone = parseModelReference(NAME, "http://nowhere.invalid");
    await expect(describeHubModel(gone, FAST)).rejects.toMatchObject({
      code: "HUB_UNREACHABLE",
      message: expect.stringContaining("offline"),
    });
  });
});

describe("a reference", () => {
  test.each([
    ["a/b", "http://hub", "a/b", "main", undefined],
    ["gpt2@v1.0", "http://hub", "gpt2", "v1.0", undefined],
    ["hf://a/b", "http://hub", "a/b", "main", undefined],
    ["https://huggingface.co/a/b", "https://huggingface.co", "a/b", "main", undefined],
    ["https://huggingface.co/a/b/tree/dev", "https://huggingface.co", "a/b", "dev", undefined],
    ["http://m.example:8/a/b/blob/main/x.gguf", "http://m.example:8", "a/b", "main", "x.gguf"],
  ])("%s", (text, endpoint, name, revision, file) => {
    expect(parseModelReference(text, "http://hub/")).toEqual({ endpoint, name, revision, file });
  });

  test.each([
    "",
    "a/b/c",
    "../b",
    "a/..",
    "a b/c",
    "a/b@../main",
    "https://user:key@hub.example/a/b",
    "https://hub.example/a%2f..%2f..%2fb",
    "https://hub.example/a/b/resolve/main/x/../../y.gguf/..%2f",
    "https://hub.example/%ff",
  ])("%s is none", (text) => {
    expect(() => parseModelReference(text)).toThrow(
      expect.objectContaining({ code: "HUB_REFERENCE_INVALID" }),
    );
  });
});
