import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../node/base/paths.ts";
import { freePort } from "../harness/anvil.ts";
import { OPENLEDGER, openledger, Program, refusal } from "./program.ts";

const KEY = `0x${"11".repeat(32)}`;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "command-line-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const inFolder = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

describe("flags", () => {
  test("help names every job, and every setting with its variable", async () => {
    const help = await openledger(["--help"]);
    expect(help.status).toBe(0);
    for (const name of ["node", "devnet", "account", "datanet", "model", "ask", "receipt", "doctor"])
      expect(help.stdout).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
    const node = await openledger(["node", "--help"]);
    expect(node.stdout).toMatch(/--l1-url <value>[\s\S]*OPENLEDGER_L1_URL/);
  });

  test("whoever reads the output may go away before it comes", async () => {
    const child = spawn(OPENLEDGER, ["model", "method"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let errors = "";
    child.stderr.on("data", (piece) => {
      errors += String(piece);
    });
    const status = await new Promise((resolve) => child.once("close", resolve));
    expect({ status, errors }).toEqual({ status: 0, errors: "" });
  });

  test("a method shows as many rows in the prompt as it is told to, and discounts what it is told to", async () => {
    const printed = async (...more: string[]) => {
      const { stdout } = await openledger(["model", "method", ...more]);
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const { context, ...others } = await printed("--context", "3");
    expect(context).toEqual({ rule: "openledger/context/1", rows: 3 });
    expect(await printed()).toEqual(others);
    const { discount, ...rest } = await printed("--discount");
    expect([discount, rest]).toEqual(["openledger/discount/1", others]);
  });

  test.each([
    [["--bogus"], "unknown option '--bogus'"],
    [["devnet", "--bogus"], "unknown option '--bogus'"],
    [["frobnicate"], "unknown command 'frobnicate'"],
    [["datanet", "create"], "required option '--reviewer"],
    [["datanet", "freeze"], "missing required argument 'datanet'"],
  ])("%j is refused, with a way to the help", async (args, text) => {
    const { status, stderr } = await openledger(args);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(text) });
    expect(stderr).toContain("--help");
  });

  test.each([
    [["devnet", "--l1-port", "0"], "PORT_INVALID"],
    [["devnet", "--port", "65536"], "PORT_INVALID"],
    [["devnet", "--second-port", "eth"], "PORT_INVALID"],
    [["account", "balance", `0x${"22".repeat(20)}`, "--rpc", "nowhere"], "URL_INVALID"],
    [["datanet", "review", "one"], "NUMBER_INVALID"],
    [["model", "train", "m", "--snapshot", "1"], "SNAPSHOT_INVALID"],
    [["model", "method", "--context", "9"], "NUMBER_INVALID"],
    [["account", "transfer", `0x${"22".repeat(20)}`, "-1", "--key", KEY], "AMOUNT_INVALID"],
    [["node", "--l1-url", "nowhere", "--data-dir", "n"], "CONFIG_INVALID"],
    [["node", "--l1-url", "http://127.0.0.1:1", "--data-dir", "n", "--rpc-port", "x"], "CONFIG_INVALID"],
  ])("%j", async (args, code) => {
    const finished = await openledger(args, { cwd: folder });
    expect(finished.status).toBe(1);
    expect(finished.stderr).toMatch(new RegExp(code));
    expect(finished.stderr).toMatch(/fix:|--help/);
  });
});

describe("a busy port", () => {
  let holder: Server;
  let port: number;
  beforeAll(async () => {
    holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    port = (holder.address() as { port: number }).port;
  });
  afterAll(() => new Promise((resolve) => holder.close(resolve)));

  test.each(["--l1-port", "--port", "--second-port"])("names %s", async (flag) => {
    const args = ["devnet", "--data-dir", join(folder, "busy")];
    for (const other of ["--l1-port", "--port", "--second-port"])
      args.push(other, String(other === flag ? port : await freePort()));
    const found = refusal(await openledger(args));
    expect(found).toEqual({ status: 1, code: "PORT_BUSY", fix: expect.stringContaining(flag) });
  });
});

describe("keys", () => {
  const sandbox = (...args: string[]) => openledger([...args, "--data-dir", join(folder, "keys")]);

  test("are asked for, looked up, and never overwritten", async () => {
    const transfer = ["account", "transfer", `0x${"22".repeat(20)}`, "1"];
    expect(refusal(await sandbox(...transfer))).toMatchObject({ status: 1, code: "KEY_MISSING" });
    expect(refusal(await sandbox(...transfer, "--key", "nobody"))).toMatchObject({ code: "KEY_UNKNOWN" });
    expect(refusal(await sandbox(...transfer, "--key", "0x12"))).toMatchObject({ code: "KEY_INVALID" });
    expect(refusal(await sandbox(...transfer, "--key", "../secret"))).toMatchObject({ code: "KEY_INVALID" });

    expect((await sandbox("account", "import", "ann", KEY)).status).toBe(0);
    expect(refusal(await sandbox("account", "import", "ann", `0x${"33".repeat(32)}`)).status).toBe(1);
    const list = await sandbox("account", "list", "--json");
    expect(JSON.parse(list.stdout)).toEqual([
      { name: "ann", address: "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A" },
    ]);
    // Nobody listens there: the key was found, the node was not.
    const nowhere = ["--rpc", `http://127.0.0.1:${await freePort()}`];
    const unreachable = await sandbox(...transfer, "--key", "ann", ...nowhere);
    expect(refusal(unreachable)).toMatchObject({ status: 1, code: "RPC_UNREACHABLE" });
  });

  test("a damaged key file is named", async () => {
    mkdirSync(join(folder, "damaged", "accounts"), { recursive: true });
    inFolder("damaged/accounts/ann.json", '{"privateKey":');
    const finished = await openledger(["account", "list", "--data-dir", join(folder, "damaged")]);
    expect(refusal(finished)).toMatchObject({ status: 1, code: "KEY_FILE_CORRUPT" });
    expect(finished.stderr).toContain("ann.json");
  });
});

describe("documents", () => {
  // Refused before anything is sent: there is no node.
  const contribute = async (file: string) =>
    openledger(["datanet", "contribute", "1", file, "--key", KEY, "--rpc", "http://127.0.0.1:1"]);

  test.each([
    ["missing", () => join(folder, "none.md"), "FILE_UNREADABLE", "none.md"],
    ["a folder", () => folder, "FILE_UNREADABLE", ""],
    ["empty", () => inFolder("empty.txt", ""), "DOCUMENT_EMPTY", "empty.txt"],
    ["only a heading", () => inFolder("bare.md", "# Title\n"), "DOCUMENT_EMPTY", "bare.md"],
    [
      "not UTF-8",
      () => inFolder("latin.txt", new Uint8Array([0x61, 0xe9, 0x2e])),
      "DOCUMENT_NOT_UTF8",
      "byte 1",
    ],
    ["of another kind", () => inFolder("image.png", "x"), "DOCUMENT_TYPE", "image.png"],
    [
      "with a broken line",
      () => inFolder("broken.jsonl", '{"prompt":"a","completion":"b"}\n\n{"prompt":"a"\n'),
      "JSONL_LINE_INVALID",
      "line 3",
    ],
    [
      "with a line that lacks its completion",
      () => inFolder("half.jsonl", '{"prompt":"a","completion":"b"}\n{"prompt":"a"}\n'),
      "JSONL_LINE_INVALID",
      "line 2",
    ],
  ])("%s", async (_name, make, code, text) => {
    const finished = await contribute(make());
    expect(refusal(finished)).toEqual({ status: 1, code, fix: expect.stringMatching(/\w/) });
    expect(finished.stderr).toContain(text);
  });

  test("a good one gets as far as the node", async () => {
    const finished = await contribute(inFolder("good.jsonl", '{"prompt":"a","completion":"b"}\n'));
    expect(refusal(finished)).toMatchObject({ status: 1, code: "RPC_UNREACHABLE" });
  });
});

describe("base models", () => {
  const shipped = join(packageRoot(), "node", "ai", "base-model", "model");
  // Refused before anything is asked of a node: there is none.
  const train = (base: string) =>
    openledger(["model", "train", "m", "--snapshot", "1:1", "--base", base, "--rpc", "http://127.0.0.1:1"]);

  test("no folder, an empty folder", async () => {
    expect(refusal(await train(join(folder, "nowhere")))).toMatchObject({ code: "MODEL_FOLDER_MISSING" });
    mkdirSync(join(folder, "hollow"));
    expect(refusal(await train(join(folder, "hollow")))).toMatchObject({ code: "MODEL_FOLDER_MISSING" });
  });

  test.each([
    ["in its tensors", 0.5],
    ["in its header", 0.000_1],
  ])("weights cut off %s", async (_where, part) => {
    const base = join(folder, `cut-${part}`);
    cpSync(shipped, base, { recursive: true });
    const weights = readFileSync(join(base, "model.safetensors"));
    writeFileSync(join(base, "model.safetensors"), weights.subarray(0, Math.floor(weights.length * part)));
    const finished = await train(base);
    expect(refusal(finished)).toEqual({
      status: 1,
      code: "SAFETENSORS_TRUNCATED",
      fix: expect.stringMatching(/\w/),
    });
    expect(finished.stderr).toContain("model.safetensors");
  });
});

describe("set-up", () => {
  test.each([
    ["a missing C++ compiler", { CXX: "no-such-compiler" }, "COMPILER_MISSING"],
    ["a missing CMake", { CXX: "true", PATH: "/nowhere" }, "COMPILER_MISSING|CMAKE_MISSING"],
  ])("%s is named before anything is built", async (_name, env, code) => {
    const start = join(packageRoot(), "devnet", "start.mjs");
    const finished = await new Program(process.execPath, [start, "--once"], { env }).ended();
    expect(finished.status).toBe(1);
    expect(finished.stderr).toMatch(new RegExp(`^(${code}): [\\s\\S]*fix: +install`));
  });
});
