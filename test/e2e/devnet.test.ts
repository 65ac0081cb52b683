import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { devAccounts } from "../../devnet/accounts.ts";
import { openLayout, releaseLayout } from "../../devnet/layout.ts";
import { createL1Rpc } from "../../node/rollup/l1/rpc.ts";
import { freePort } from "../harness/anvil.ts";
import {
  type Description,
  describedIn,
  isRunning,
  OPENLEDGER,
  openledger,
  Program,
  refusal,
  until,
} from "./program.ts";

interface Block {
  number: string;
  hash: string;
  parentHash: string;
  timestamp: string;
}

const block = async (url: string, tag: string) =>
  (await createL1Rpc({ url })("eth_getBlockByNumber", [tag, false])) as Block | null;
const hex = (number: number | bigint) => `0x${number.toString(16)}`;

/** Throws unless blocks `from` to `to` follow each other in steps of two seconds. */
async function expectSteady(url: string, from: bigint, to: bigint): Promise<void> {
  let before: Block | undefined;
  for (let number = from; number <= to; number++) {
    const found = (await block(url, hex(number)))!;
    if (before) {
      expect(BigInt(found.timestamp) - BigInt(before.timestamp), `block ${number} of ${url}`).toBe(2n);
      expect(found.parentHash).toBe(before.hash);
    }
    before = found;
  }
}

/** One stock devnet through its life; each test takes it up where the one before left it. */
describe("a devnet", { timeout: 400_000 }, () => {
  let folder: string;
  let dataDir: string;
  /** Home of the user who runs it. */
  let home: string;
  let flags: string[];
  let devnet: Program | undefined;
  let urls: { l1: string; sequencer: string; verifier: string };
  /** A block that was safe before the last stop. */
  let known: { l1: Block; l2: Block; l2Genesis: Block };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "devnet-"));
    dataDir = join(folder, "data");
    home = join(folder, "home");
    mkdirSync(home);
    const [l1, first, second] = [await freePort(), await freePort(), await freePort()];
    flags = ["--stock", "--data-dir", dataDir, "--l1-port", `${l1}`, "--port", `${first}`];
    flags.push("--second-port", `${second}`, "--web-port", `${await freePort()}`);
    urls = {
      l1: `http://127.0.0.1:${l1}`,
      sequencer: `http://127.0.0.1:${first}`,
      verifier: `http://127.0.0.1:${second}`,
    };
  });
  afterAll(async () => {
    await devnet?.signal("SIGINT");
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (...more: string[]): Promise<Description> => {
    devnet = new Program(process.execPath, [OPENLEDGER, "devnet", ...flags, ...more], {
      env: { HOME: home },
    });
    await devnet.says("Ctrl-C stops all of it");
    return describedIn(dataDir);
  };
  const stop = async (described: Description): Promise<void> => {
    const { status, stderr } = await devnet!.signal("SIGINT");
    expect(status, stderr).toBe(0);
    for (const { pid } of [described.l1, ...described.nodes]) expect(isRunning(pid)).toBe(false);
  };
  const headOf = async (url: string) => BigInt((await block(url, "latest"))!.number);
  const grows = (url: string, above: bigint) =>
    until(`${url} above block ${above}`, async () => ((await headOf(url)) > above ? true : undefined));
  const safeOnBoth = (number: bigint) =>
    until(`block ${number} safe on both`, async () => {
      for (const url of [urls.sequencer, urls.verifier])
        if (BigInt((await block(url, "safe"))?.number ?? 0) < number) return undefined;
      return true;
    });

  test("--once ends with status 0, equal hashes and nothing left running", async () => {
    const { status, stdout, stderr } = await openledger(["devnet", ...flags, "--once"], {
      env: { HOME: home },
    });
    expect(status, `${stdout}${stderr}`).toBe(0);
    expect(stdout).toMatch(/^ok +both nodes hold the same chain: blocks 0 to 10/m);
    expect(stdout).not.toMatch(/^(?!ok )\S+ +both nodes/m);
    const described = describedIn(dataDir);
    for (const { pid } of [described.l1, ...described.nodes]) expect(isRunning(pid)).toBe(false);
    expect(existsSync(join(dataDir, "lock"))).toBe(false);
  });

  test("goes on with the same chain, without a jump in time", async () => {
    const genesis = JSON.parse(readFileSync(join(dataDir, "chain", "rollup.json"), "utf8"));
    const described = await start();
    expect((await block(urls.sequencer, "0x0"))!.hash).toBe(genesis.genesis.l2.hash);
    const l2 = await headOf(urls.sequencer);
    const l1 = await headOf(urls.l1);
    await grows(urls.sequencer, l2 + 3n);
    await grows(urls.l1, l1 + 2n);
    await expectSteady(urls.sequencer, 0n, l2 + 3n);
    await expectSteady(urls.l1, genesis.genesis.l1.number, l1 + 2n);
    expect(described.nodes.map(({ rpc }) => rpc)).toEqual([urls.sequencer, urls.verifier]);
    for (const { pid } of [described.l1, ...described.nodes]) expect(isRunning(pid)).toBe(true);
  });

  test("another one in its folder or on its ports is refused, and harms nothing", async () => {
    const locked = flags.map((flag, at) => (flags[at - 1]?.endsWith("port") ? "" : flag));
    for (const [at, flag] of locked.entries()) if (flag === "") locked[at] = String(await freePort());
    expect(refusal(await openledger(["devnet", ...locked, "--reset"]))).toMatchObject({
      status: 1,
      code: "DATA_DIR_LOCKED",
    });
    const busy = [...flags, "--data-dir", join(folder, "other")];
    expect(refusal(await openledger(["devnet", ...busy]))).toEqual({
      status: 1,
      code: "PORT_BUSY",
      fix: expect.stringContaining("--l1-port"),
    });
    expect(existsSync(join(folder, "other"))).toBe(false);
    await grows(urls.sequencer, await headOf(urls.sequencer));
  });

  test("its nodes refuse malformed transactions and requests, and go on", async () => {
    const sender = privateKeyToAccount(devAccounts().paula.privateKey);
    const transaction = {
      type: "eip1559",
      chainId: 901,
      nonce: 0,
      to: sender.address,
      value: 1n,
      gas: 21_000n,
      maxFeePerGas: 10n ** 10n,
      maxPriorityFeePerGas: 1n,
    } as const;
    const signed = await sender.signTransaction(transaction);
    const hostile = {
      nothing: "0x",
      "no hex": "hello",
      "half a byte": "0x021",
      "an unknown type": "0x05c0",
      "a deposit": `0x7e${"c0".repeat(8)}`,
      "a cut transaction": signed.slice(0, -10),
      "bytes behind it": `${signed}00`,
      "a broken signature": `${signed.slice(0, -64)}${"f".repeat(64)}`,
      "another chain": await sender.signTransaction({ ...transaction, chainId: 1 }),
      "too little gas": await sender.signTransaction({ ...transaction, gas: 20_999n }),
      "too much value": await sender.signTransaction({ ...transaction, value: 10n ** 40n }),
    };
    for (const url of [urls.sequencer, urls.verifier]) {
      for (const [what, raw] of Object.entries(hostile)) {
        const { error } = await post(url, {
          jsonrpc: "2.0",
          id: 1,
          method: "eth_sendRawTransaction",
          params: [raw],
        });
        expect(error, `${what} at ${url}`).toMatchObject({
          code: expect.any(Number),
          message: expect.stringMatching(/\w{3}/),
        });
        expect(error?.code, what).not.toBe(-32603);
      }
      expect((await post(url, "{")).error?.code).toBe(-32700);
      expect((await post(url, { id: 1 })).error?.code).toBe(-32600);
      expect((await post(url, { jsonrpc: "2.0", id: 1, method: "eth_nonsense" })).error?.code).toBe(-32601);
      expect(
        (await post(url, { jsonrpc: "2.0", id: 1, method: "eth_getBalance", params: ["x"] })).error?.code,
      ).toBe(-32602);
    }
    // The same sender's good transaction still arrives.
    const rpc = createL1Rpc({ url: urls.sequencer });
    const hash = await rpc("eth_sendRawTransaction", [signed]);
    await until(
      "the good transaction",
      async () => (await rpc("eth_getTransactionReceipt", [hash])) ?? undefined,
    );
  });

  test("anvil killed: it comes back, and L2 goes on", async () => {
    const before = await headOf(urls.sequencer);
    const { l1 } = describedIn(dataDir);
    process.kill(l1.pid, "SIGKILL");
    await devnet!.says("anvil (L1) is up again");
    const l1Head = await headOf(urls.l1);
    await grows(urls.l1, l1Head + 1n);
    await grows(urls.sequencer, before + 2n);
    const now = await headOf(urls.sequencer);
    await safeOnBoth(now);
    for (const number of [before - 1n, before, now]) {
      const [ours, theirs] = await Promise.all([
        block(urls.sequencer, hex(number)),
        block(urls.verifier, hex(number)),
      ]);
      expect(theirs!.hash).toBe(ours!.hash);
    }
    await expectSteady(urls.l1, l1Head > 8n ? l1Head - 8n : 0n, l1Head + 1n);
    await expectSteady(urls.sequencer, 0n, now);
  });

  test("a stop and a start later the same chain goes on", async () => {
    const l2Genesis = (await block(urls.sequencer, "0x0"))!;
    known = {
      l1: (await block(urls.l1, "latest"))!,
      l2: (await block(urls.sequencer, "safe"))!,
      l2Genesis,
    };
    await stop(describedIn(dataDir));
    await start();
    expect((await block(urls.l1, known.l1.number))!.hash).toBe(known.l1.hash);
    for (const url of [urls.sequencer, urls.verifier])
      expect((await block(url, known.l2.number))!.hash).toBe(known.l2.hash);
    await grows(urls.sequencer, (await headOf(urls.sequencer)) + 2n);
    await expectSteady(urls.sequencer, BigInt(known.l2.number), await headOf(urls.sequencer));
    await expectSteady(urls.l1, BigInt(known.l1.number), await headOf(urls.l1));
    await stop(describedIn(dataDir));
  });

  test("damaged files are named, and nothing is lost: put back, the chain goes on", async () => {
    const damage = async (files: readonly string[], bytes: string, code: RegExp) => {
      const good = files.map((file) => readFileSync(file));
      for (const file of files) writeFileSync(file, bytes);
      const finished = await openledger(["devnet", ...flags, "--once"]);
      for (const [at, file] of files.entries()) writeFileSync(file, good[at]!);
      expect(finished.status).toBe(1);
      expect(finished.stderr).toMatch(code);
      expect(finished.stderr).toMatch(/fix: +\w/);
      expect(existsSync(join(dataDir, "lock"))).toBe(false);
    };
    const state = join(dataDir, "l1", "state.json");
    await damage([join(dataDir, "version")], "99\n", /DATA_DIR_VERSION/);
    await damage(
      [state, `${state}.previous`, `${state}.older`],
      '{"block":',
      /CHILD_NOT_READY: anvil[\s\S]*failed to parse/,
    );
    await damage([join(dataDir, "sequencer", "chain", "CURRENT")], "MANIFEST-999999\n", /STORE_CORRUPT/);
    await damage(
      [join(dataDir, "chain", "deployment.json")],
      "{",
      /CONFIG_FILE_UNREADABLE: .*deployment.json/,
    );
    // What a kill in the middle of writing leaves: L1 comes back a little shorter.
    writeFileSync(state, readFileSync(state).subarray(0, 100_000));
    await start();
    expect(devnet!.output).toContain("half written");
    expect((await block(urls.l1, known.l1.number))!.hash).toBe(known.l1.hash);
    expect((await block(urls.sequencer, known.l2.number))!.hash).toBe(known.l2.hash);
    await stop(describedIn(dataDir));
  });

  test("--reset begins anew", async () => {
    devnet = new Program(process.execPath, [OPENLEDGER, "devnet", ...flags, "--reset"]);
    const first = await until(
      "the first node",
      async () => (await block(urls.sequencer, "0x0")) ?? undefined,
    );
    expect(first.hash).not.toBe(known.l2Genesis.hash);
    // Told to stop while it is still starting.
    const { status, stderr } = await devnet.signal("SIGINT");
    expect(status, stderr).toBe(0);
    expect(existsSync(join(dataDir, "lock"))).toBe(false);
  });

  test("wrote nothing into the user's home", () => {
    expect(readdirSync(home, { recursive: true })).toEqual([]);
  });
});

test("an empty folder that is there already is taken", () => {
  const folder = mkdtempSync(join(tmpdir(), "empty-"));
  const layout = openLayout(folder, true);
  expect(existsSync(layout.version)).toBe(true);
  releaseLayout(layout);
  rmSync(folder, { recursive: true });
});

test("a folder with somebody else's files is not touched, even with --reset", async () => {
  const folder = mkdtempSync(join(tmpdir(), "foreign-"));
  mkdirSync(join(folder, "photos"));
  writeFileSync(join(folder, "photos", "one"), "x");
  const ports = ["--l1-port", `${await freePort()}`, "--port", `${await freePort()}`];
  const args = ["devnet", "--data-dir", folder, "--reset", ...ports, "--second-port", `${await freePort()}`];
  expect(refusal(await openledger(args))).toMatchObject({ status: 1, code: "DATA_DIR_FOREIGN" });
  expect(readFileSync(join(folder, "photos", "one"), "utf8")).toBe("x");
  rmSync(folder, { recursive: true });
});

interface Answer {
  result?: unknown;
  error?: { code: number; message: string };
}

async function post(url: string, body: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return (await response.json()) as Answer;
}
