import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../../test/harness/anvil.ts";
import { TEST_ROLES } from "../../test/harness/deployment.ts";
import type { L1Deployment } from "./deployment.ts";
import { deployL1 } from "./l1.ts";
import { parseChainPlan } from "./plan.ts";

const [deployerKey] = ANVIL_KEYS;
const deployer = privateKeyToAccount(deployerKey).address;
const plan = parseChainPlan({ roles: TEST_ROLES });

/** An L1 that is there until `count` transactions went to it; the last one's answer is lost, or the transaction itself. */
async function cutOff(
  url: string,
  count: number,
  losesTransaction: boolean,
  onCut: () => void,
): Promise<Server> {
  let sent = 0;
  let isCut = false;
  const server = createServer((request, response) => {
    const parts: Uint8Array[] = [];
    request.on("data", (part: Uint8Array) => parts.push(part));
    request.on("end", async () => {
      const body = Buffer.concat(parts).toString();
      const isLast = body.includes("eth_sendRawTransaction") && ++sent === count;
      if (isCut || (isLast && losesTransaction)) response.destroy();
      else {
        const answer = await fetch(url, {
          method: "POST",
          body,
          headers: { "content-type": "application/json" },
        });
        const text = await answer.text();
        if (isLast) response.destroy();
        else response.end(text);
      }
      if (!isLast) return;
      isCut = true;
      onCut();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

describe("a deployment that is killed", { timeout: 300_000 }, () => {
  let anvil: Anvil;
  let folder: string;
  const progressFile = () => join(folder, "progress.json");

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "resume-"));
    anvil = await startAnvil({ automine: true });
  });
  afterAll(async () => {
    await anvil.kill();
    rmSync(folder, { recursive: true });
  });

  const nonce = async () => Number(await anvil.rpc("eth_getTransactionCount", [deployer, "latest"]));
  const deploy = (l1Url = anvil.url, signal?: AbortSignal) =>
    deployL1({ l1Url, deployerKey, plan, progressFile: progressFile(), signal });
  const killedAt = async (count: number, losesTransaction: boolean) => {
    const ending = new AbortController();
    const proxy = await cutOff(anvil.url, count, losesTransaction, () => ending.abort());
    const { port } = proxy.address() as AddressInfo;
    await expect(deploy(`http://127.0.0.1:${port}`, ending.signal)).rejects.toThrow();
    proxy.closeAllConnections();
    proxy.close();
  };
  const fresh = async <T>(run: () => Promise<T>): Promise<T> => {
    const snapshot = await anvil.rpc("evm_snapshot", []);
    rmSync(progressFile(), { force: true });
    try {
      return await run();
    } finally {
      await anvil.rpc("evm_revert", [snapshot]);
    }
  };
  const whole = () =>
    fresh(async (): Promise<{ deployment: L1Deployment; transactions: number }> => {
      const before = await nonce();
      const deployment = await deploy();
      return { deployment, transactions: (await nonce()) - before };
    });

  test("goes on between any two transactions, and sends none twice", async () => {
    const { deployment, transactions } = await whole();
    expect(transactions).toBeGreaterThan(20);
    for (let count = 1; count <= transactions; count++) {
      await fresh(async () => {
        const before = await nonce();
        await killedAt(count, count % 2 === 0);
        const again = await deploy();
        expect(again.contracts, `killed at ${count}`).toEqual(deployment.contracts);
        expect((await nonce()) - before, `killed at ${count}`).toBe(transactions);
        const code = await anvil.rpc("eth_getCode", [again.contracts.optimismPortal, "latest"]);
        expect(code).not.toBe("0x");
      });
    }
  });

  test("starts anew where another program has used the key meanwhile, or the file is of another L1", async () => {
    await fresh(async () => {
      await killedAt(5, true);
      const used = await nonce();
      const foreign = await anvil.rpc("eth_sendTransaction", [{ from: deployer, to: deployer }]);
      await vi.waitFor(async () =>
        expect(await anvil.rpc("eth_getTransactionReceipt", [foreign])).not.toBeNull(),
      );
      const again = await deploy();
      expect((await nonce()) - used).toBeGreaterThan(20);
      expect(await anvil.rpc("eth_getCode", [again.contracts.openBridge, "latest"])).not.toBe("0x");
    });
    await fresh(async () => {
      await killedAt(12, false);
      const other = await startAnvil({ automine: true, extra: ["--timestamp", "1700000000"] });
      const deployed = await deploy(other.url);
      expect(await other.rpc("eth_getCode", [deployed.contracts.openBridge, "latest"])).not.toBe("0x");
      await other.kill();
    });
  });

  test("does not trip over half a file", async () => {
    await fresh(async () => {
      writeFileSync(progressFile(), '{"nonce":"0x');
      await deploy();
    });
  });

  test("sends again what L1 forgot", async () => {
    await fresh(async () => {
      await anvil.rpc("evm_setAutomine", [false]);
      const ending = new AbortController();
      const first = deploy(anvil.url, ending.signal).catch(() => undefined);
      const pending = async () =>
        Number(((await anvil.rpc("txpool_status", [])) as { pending: string }).pending);
      await expect.poll(pending, { timeout: 20_000 }).toBeGreaterThan(3);
      ending.abort();
      await first;
      await anvil.rpc("anvil_dropAllTransactions", []);
      await anvil.rpc("evm_setAutomine", [true]);
      const deployment = await deploy();
      expect(await anvil.rpc("eth_getCode", [deployment.contracts.openBridge, "latest"])).not.toBe("0x");
    });
  });
});
