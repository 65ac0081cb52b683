import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../node/base/paths.ts";
import type { RpcServer } from "../../node/rpc/server.ts";
import { KEY, startClientNode } from "./fixture.ts";

const run = promisify(execFile);
const bin = (name: string) => join(packageRoot(), "node_modules", ".bin", name);

const SCRIPT = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

contract Counter {
    uint256 public count;

    function step() external {
        count++;
    }
}

contract Deploy {
    Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function run() external {
        vm.startBroadcast();
        Counter counter = new Counter();
        counter.step();
        counter.step();
        vm.stopBroadcast();
    }
}
`;

let server: RpcServer;
let folder: string;
beforeAll(async () => {
  ({ server } = await startClientNode());
  folder = await mkdtemp(join(tmpdir(), "forge-"));
}, 60_000);
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

describe.skipIf(!existsSync(bin("forge")))("forge", () => {
  it("runs a script that deploys a contract and uses it", { timeout: 240_000 }, async () => {
    await mkdir(join(folder, "src"));
    await writeFile(join(folder, "src", "Deploy.sol"), SCRIPT);
    const solc = join(packageRoot(), "contracts", "solc.cjs");
    const config = `[profile.default]\nsolc = "${solc}"\noffline = true\nevm_version = "cancun"\n`;
    await writeFile(join(folder, "foundry.toml"), config);
    const args = ["script", "src/Deploy.sol:Deploy", "--rpc-url", server.httpUrl, "--broadcast", "--slow"];
    const { stdout } = await run(bin("forge"), [...args, "--private-key", KEY], { cwd: folder });
    expect(stdout).toContain("ONCHAIN EXECUTION COMPLETE & SUCCESSFUL");
    const broadcast = join(folder, "broadcast", "Deploy.sol", "901", "run-latest.json");
    const { transactions } = JSON.parse(await readFile(broadcast, "utf8"));
    const address = transactions[0].contractAddress;
    const { stdout: count } = await run(bin("cast"), [
      "call",
      address,
      "count()(uint256)",
      "--rpc-url",
      server.httpUrl,
    ]);
    expect(count.trim()).toBe("2");
  });
});
