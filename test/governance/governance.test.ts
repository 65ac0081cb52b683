import { encodeDeployData, encodeFunctionData, pad } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonRpc } from "../../devnet/json-rpc.ts";
import { getAgent, registerAgent } from "../../node/agents/agents.ts";
import { send } from "../../node/ai/client/chain.ts";
import { createDatanet, getDatanet } from "../../node/ai/client/datanets.ts";
import { readParameters } from "../../node/ai/client/parameters.ts";
import {
  agentRegistryAbi,
  datanetRegistryAbi,
  openBridgeAbi,
  protocolParametersAbi,
  superchainConfigAbi,
  systemConfigAbi,
} from "../../node/chain/generated/abi.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { IMPLEMENTATION_SLOT } from "../../node/deploy/addresses.ts";
import { ownArtifact, stockArtifact } from "../../node/deploy/artifacts.ts";
import { isPerson, listPowers, type Power } from "../../node/governance/powers.ts";
import { until } from "../e2e/program.ts";
import { addressesNamed, notAsked } from "./getters.ts";
import { type Ground, openGround } from "./ground.ts";

const ZERO: Address = `0x${"00".repeat(20)}`;
const REGISTRY: Address = "0x4200000000000000000000000000000000000020";
const LONG = 600_000;

interface Shown {
  number: number;
  state: string;
  isOver: boolean;
  effects: { call: string; failure?: string; changes: { what: string; before: string; after: string }[] }[];
}

let ground: Ground;
let before: readonly Power[];

beforeAll(async () => {
  ground = await openGround();
}, LONG);
afterAll(() => ground?.stop());

const realm = () => ({
  ...{ l1: ground.l1.public, l2: ground.l2.public, at: ground.at(), protocol: ground.protocol },
  ...{ circle: ground.circle, agents: ground.agents },
  contracts: ground.chain.deployment.contracts,
});
const contracts = () => ground.chain.deployment.contracts;
const keysOf = (powers: readonly Power[]) =>
  powers
    .filter((one) => one.isPerson)
    .map(({ chain, contract, power, holder }) => `${chain} ${contract}.${power} ${nameOf(holder)}`)
    .sort();
const governance = (...args: string[]) => ground.cli.json(["governance", ...args]) as Promise<Shown>;
const governanceBy = (key: string, ...args: string[]) =>
  ground.cli.json(["governance", ...args], key) as Promise<Shown>;

function nameOf(address: Address): string {
  const roles = ["treasury", "governor", "batcher", "proposer", "council"] as const;
  return roles.find((role) => ground.dev(role).address.toLowerCase() === address) ?? address;
}

/** The inventory's names of contracts that name keys. */
const INVENTORY: Readonly<Record<string, string>> = {
  SystemConfig: "systemConfig",
  L2OutputOracle: "l2OutputOracle",
  PauseGuardian: "pauseGuardian",
  OpenGovernor: "governor",
};

/** Keys that a contract names, beyond what the inventory says of it: who is paid, and a right that is spent. */
async function otherKeys(powers: readonly Power[]): Promise<string[]> {
  const known = new Set(powers.map(({ chain, contract, holder }) => `${chain} ${contract} ${holder}`));
  const found: string[] = [];
  for (const { chain, contract, getter, address } of await addressesNamed(ground)) {
    if (address === ZERO || known.has(`${chain} ${INVENTORY[contract]} ${address}`)) continue;
    if (await isPerson(realm(), address)) found.push(`${contract}.${getter} ${nameOf(address)}`);
  }
  return found.sort();
}

/** The code behind a proxy of L2. */
async function implementationOf(proxy: Address): Promise<Address> {
  const word = await ground.l2.public.getStorageAt({ address: proxy, slot: IMPLEMENTATION_SLOT });
  return `0x${word!.slice(-40)}`;
}

/** Code of the registry of datanets that takes the word of another contract for proofs of plagiarism; anybody deploys it. */
async function otherDatanetCode(): Promise<Address> {
  const { parameters, ledger, reviewers, stakes, losses } = ground.protocol;
  const { abi, bytecode } = ownArtifact("DatanetRegistry");
  const data = encodeDeployData({ abi, bytecode, args: [parameters, ledger, reviewers, stakes, losses] });
  const { receipt } = await send(ground.l2, ground.dev("stan"), { data });
  return receipt.contractAddress!.toLowerCase() as Address;
}

/** Code of the registry of agents that gives new ones an account of other code. */
async function otherAgentCode(): Promise<{ code: Address; account: Address }> {
  const { agents, protocol } = ground;
  const deploy = async (name: string, args: readonly Address[]) => {
    const { abi, bytecode } = ownArtifact(name);
    const { receipt } = await send(ground.l2, ground.dev("stan"), {
      data: encodeDeployData({ abi, bytecode, args }),
    });
    return receipt.contractAddress!.toLowerCase() as Address;
  };
  const account = await deploy("AgentAccount", [agents.stakes, agents.deeds, protocol.market]);
  return { account, code: await deploy("AgentRegistry", [agents.stakes, account]) };
}

describe("governance on a devnet", { timeout: LONG }, () => {
  it("begins with the founders' keys", async () => {
    before = await listPowers(realm());
    expect(keysOf(before)).toEqual([
      "L1 l1Timelock.CANCELLER_ROLE council",
      "L1 l1Timelock.CANCELLER_ROLE treasury",
      "L1 l1Timelock.PROPOSER_ROLE treasury",
      "L1 l2OutputOracle.challenger council",
      "L1 l2OutputOracle.proposer proposer",
      "L1 superchainConfig.guardian treasury",
      "L1 systemConfig.batcherHash batcher",
      "L1 systemConfig.owner treasury",
      "L1 systemConfig.unsafeBlockSigner treasury",
      "L2 agentRegistry.owner governor",
      "L2 datanets.owner governor",
      "L2 governor.proposalGuardian council",
      "L2 liquidityController.owner treasury",
      "L2 modelRegistry.owner governor",
      "L2 parameters.owner governor",
      "L2 proxyAdmin.owner treasury",
      "L2 timelock.CANCELLER_ROLE governor",
      "L2 timelock.PROPOSER_ROLE governor",
    ]);
    const { treasury } = await readParameters(ground.l2, ground.protocol);
    expect(treasury.toLowerCase()).toBe(ground.at().treasury);
  });

  it(
    "is handed over by the founders, each with what is theirs",
    async () => {
      await governanceBy("treasury", "hand-over", "--pause-period", "60");
      await governanceBy("governor", "hand-over");
      await governanceBy("governor", "hand-over", "--wait");
      const { left } = (await governanceBy("treasury", "hand-over", "--wait")) as unknown as {
        left: unknown[];
      };
      expect(left).toEqual([]);
    },
    LONG,
  );

  it("leaves keys only to batcher, proposer, sequencer and council", async () => {
    const after = await listPowers(realm());
    expect(keysOf(after)).toEqual([
      "L1 l1Timelock.CANCELLER_ROLE council",
      "L1 l2OutputOracle.challenger council",
      "L1 l2OutputOracle.proposer proposer",
      "L1 pauseGuardian.COUNCIL council",
      "L1 systemConfig.batcherHash batcher",
      // The sequencer's key, which signs unsafe blocks.
      "L1 systemConfig.unsafeBlockSigner treasury",
      "L2 governor.proposalGuardian council",
    ]);
    // Nothing else moved: the same contracts have the same rights as before, but those of the keys.
    const place = ({ chain, contract, power }: Power) => `${chain} ${contract}.${power}`;
    const places = new Set(after.map(place));
    expect(before.filter((one) => !places.has(place(one))).map(place)).toEqual([]);
    const { at } = ground;
    const holderOf = (name: string) => after.filter((one) => place(one) === name).map(({ holder }) => holder);
    expect(holderOf("L1 systemConfig.owner")).toEqual([contracts().timelock]);
    expect(holderOf("L1 proxyAdmin.owner")).toEqual([contracts().timelock]);
    expect(holderOf("L1 superchainConfig.guardian")).toEqual([at().pauseGuardian]);
    expect(holderOf("L1 l1Timelock.PROPOSER_ROLE")).toEqual([at().relay]);
    expect(holderOf("L1 l1Timelock.DEFAULT_ADMIN_ROLE")).toEqual([contracts().timelock]);
    expect(holderOf("L2 proxyAdmin.owner")).toEqual([at().upgrades]);
    expect(holderOf("L2 liquidityController.owner")).toEqual([at().upgrades]);
    expect(holderOf("L2 datanets.owner")).toEqual([at().upgrades]);
    expect(holderOf("L2 modelRegistry.owner")).toEqual([at().upgrades]);
    expect(holderOf("L2 agentRegistry.owner")).toEqual([at().upgrades]);
    expect(holderOf("L2 parameters.owner")).toEqual([at().timelock]);
    for (const name of ["circle", "circleFund", "circleReviewers"])
      expect(holderOf(`L2 ${name}.owner`)).toEqual([at().timelock]);
    expect(holderOf("L2 timelock.PROPOSER_ROLE")).toEqual([at().governor]);
    expect(holderOf("L2 upgrades.PROPOSER_ROLE")).toEqual([at().timelock]);
    expect(holderOf("L2 liquidityController.minter")).toHaveLength(1);
  });

  it("knows of every key that a contract of the chain names", async () => {
    const { openBridge } = contracts();
    expect(notAsked(ground)).toEqual([]);
    expect(await otherKeys(await listPowers(realm()))).toEqual(
      [
        // Who locked genesis' coins, once: that right is spent.
        "OpenBridge.deployer treasury",
        // Who is paid.
        ...["BaseFeeVault", "L1FeeVault", "SequencerFeeVault", "OperatorFeeVault"].map(
          (vault) => `${vault}.RECIPIENT treasury`,
        ),
        "SequencerFeeVault.l1FeeWallet treasury",
        // Addresses that nobody has the key of.
        "OptimismPortal.l2Sender 0x000000000000000000000000000000000000dead",
        "SystemConfig.batchInbox 0xff00000000000000000000000000000000000901",
      ].sort(),
    );
    const read = { address: openBridge, abi: openBridgeAbi } as const;
    expect(await ground.l1.public.readContract({ ...read, functionName: "prefundsLocked" })).toBe(true);
  });

  it("refuses the founders now", async () => {
    const { l1, l2, protocol, dev } = ground;
    const limit = encodeFunctionData({
      abi: systemConfigAbi,
      functionName: "setGasLimit",
      args: [50_000_000n],
    });
    await expect(send(l1, dev("treasury"), { to: contracts().systemConfig, data: limit })).rejects.toThrow();
    const same = await readParameters(l2, protocol);
    const data = encodeFunctionData({
      abi: protocolParametersAbi,
      functionName: "setParameters",
      args: [same],
    });
    await expect(send(l2, dev("governor"), { to: protocol.parameters, data })).rejects.toThrow();
    const upgrade = encodeFunctionData({
      abi: datanetRegistryAbi,
      functionName: "upgradeToAndCall",
      args: [await implementationOf(protocol.datanets), "0x"],
    });
    for (const to of [protocol.datanets, protocol.modelRegistry, ground.agents.registry])
      await expect(send(l2, dev("governor"), { to, data: upgrade })).rejects.toThrow();
  });

  it(
    "changes gas limit, fee, batcher, a parameter, a predeploy's and registries' code by one vote",
    async () => {
      const { abi, bytecode } = stockArtifact("SchemaRegistry");
      const created = await send(ground.l2, ground.dev("stan"), {
        data: encodeDeployData({ abi, bytecode }),
      });
      const code = created.receipt.contractAddress!.toLowerCase() as Address;
      const { protocol } = ground;
      const registry = await otherDatanetCode();
      const datanet = await createDatanet(ground.l2, protocol, ground.dev("stan"), {
        ...{ name: "kept", licence: "MIT", uri: "", stake: 5n, quorum: 1 },
        reviewers: [ground.dev("rita").address],
      });
      const standing = await getDatanet(ground.l2, protocol, datanet.datanetId);
      const { agents } = ground;
      const newcomer = { policy: pad("0x01"), models: [1n] };
      const agent = await registerAgent(ground.l2, agents, ground.dev("stan"), newcomer);
      const acting = await getAgent(ground.l2, agents, agent.id);
      const agentCode = await otherAgentCode();
      await governanceBy("stan", "stake", "1000", "--lock", "365");
      await governanceBy("paula", "stake", "50");
      await governanceBy("paula", "delegate", "stan");
      const calls = [
        "systemConfig.setGasLimit(40000000)",
        "systemConfig.setMinBaseFee(2000000)",
        `systemConfig.setBatcherHash(${pad(ground.nextBatcher)})`,
        "parameters.platformBps=800",
        `proxyAdmin.upgrade(${REGISTRY}, ${code})`,
        `datanets.upgradeToAndCall(${registry}, 0x)`,
        `agentRegistry.upgradeToAndCall(${agentCode.code}, 0x)`,
      ];
      const proposed = await ground.slowly(async () => {
        const shown = await governanceBy("stan", "propose", "Everything at once", ...calls);
        await governanceBy("stan", "vote", String(shown.number), "for", "--wait");
        return shown;
      });
      const changed = (what: string) =>
        proposed.effects.flatMap(({ changes }) => changes).find((change) => change.what === what);
      expect(changed("gasLimit")).toMatchObject({ before: "30000000", after: "40000000" });
      expect(changed("minBaseFee")).toMatchObject({ before: "1000000", after: "2000000" });
      expect(changed("parameters.platformBps")).toMatchObject({ before: "1000", after: "800" });
      expect(changed(`getProxyImplementation(${REGISTRY})`)?.after.toLowerCase()).toBe(code);
      const codes = proposed.effects
        .flatMap(({ changes }) => changes)
        .filter(({ what }) => what === "implementation")
        .map(({ before, after }) => [before.toLowerCase(), after.toLowerCase()]);
      expect(codes).toEqual([
        [await implementationOf(protocol.datanets), registry],
        [await implementationOf(agents.registry), agentCode.code],
      ]);
      expect(changed("ACCOUNT")?.after.toLowerCase()).toBe(agentCode.account);
      expect(proposed.effects.map(({ failure }) => failure)).toEqual(calls.map(() => undefined));

      const number = String(proposed.number);
      await governanceBy("bruno", "queue", number, "--wait");
      const done = await governanceBy("alba", "execute", number, "--wait");
      expect(done).toMatchObject({ state: "executed", isOver: true });

      expect((await readParameters(ground.l2, ground.protocol)).platformBps).toBe(800);
      expect(await implementationOf(REGISTRY)).toBe(code);
      expect(await implementationOf(protocol.datanets)).toBe(registry);
      // The new code runs, over what stood there before.
      const upgraded = { address: protocol.datanets, abi: datanetRegistryAbi } as const;
      const named = await ground.l2.public.readContract({ ...upgraded, functionName: "PLAGIARISM" });
      expect(named.toLowerCase()).toBe(protocol.losses);
      expect(await getDatanet(ground.l2, protocol, datanet.datanetId)).toEqual(standing);
      // Who is there stays as it was; who comes has an account of the new code.
      expect(await getAgent(ground.l2, agents, agent.id)).toEqual(acting);
      const later = await registerAgent(ground.l2, agents, ground.dev("stan"), newcomer);
      const { account } = await getAgent(ground.l2, agents, later.id);
      const clone = await ground.l2.public.getCode({ address: account });
      expect(clone).toContain(agentCode.account.slice(2));
      const asked = { address: agents.registry, abi: agentRegistryAbi, functionName: "ACCOUNT" } as const;
      expect((await ground.l2.public.readContract(asked)).toLowerCase()).toBe(agentCode.account);
      const read = { address: contracts().systemConfig, abi: systemConfigAbi } as const;
      expect(await ground.l1.public.readContract({ ...read, functionName: "gasLimit" })).toBe(40_000_000n);
      expect(await ground.l1.public.readContract({ ...read, functionName: "batcherHash" })).toBe(
        pad(ground.nextBatcher),
      );
    },
    LONG,
  );

  it(
    "is followed by L2: new blocks have the gas limit and the fee, batches count by the new key only",
    async () => {
      const block = await until(
        "a block with the new gas limit",
        async () => {
          const head = await ground.l2.public.getBlock();
          return head.gasLimit === 40_000_000n ? head : undefined;
        },
        LONG,
      );
      await ground.changeBatcher();
      await until(
        "the block is safe by the new batcher's word",
        async () => {
          const url = ground.l2.rpcUrl;
          const { signal } = new AbortController();
          const status = (await jsonRpc(url, "optimism_syncStatus", [], signal)) as {
            safe_l2: { number: number };
          };
          return BigInt(status.safe_l2.number) > block.number + 5n || undefined;
        },
        LONG,
      );
      const head = await ground.l2.public.getBlock();
      expect(head.gasLimit).toBe(40_000_000n);
      expect(head.baseFeePerGas).toBeGreaterThanOrEqual(2_000_000n);
      const own = await ground.l2.public.getBlock({ blockNumber: block.number });
      expect(own.hash).toBe(block.hash);
    },
    LONG,
  );

  it(
    "lets the council cancel and pause, nothing else",
    async () => {
      const proposed = await governanceBy("stan", "propose", "A mistake", "treasury.setStakersBps(0)");
      const canceled = await governanceBy("council", "cancel", String(proposed.number));
      expect(canceled).toMatchObject({ state: "canceled", isOver: true });
      await expect(governanceBy("council", "execute", String(proposed.number))).resolves.toMatchObject({
        state: "canceled",
      });
      await governanceBy("council", "pause");
      const read = { address: contracts().superchainConfig, abi: superchainConfigAbi } as const;
      expect(await ground.l1.public.readContract({ ...read, functionName: "paused" })).toBe(true);
      await expect(governanceBy("paula", "pause")).rejects.toThrow();
      await expect(governanceBy("council", "propose", "Mine", "treasury.setStakersBps(0)")).rejects.toThrow();
      expect(await governance("show")).toMatchObject({ proposals: [{ number: 1 }, { number: 2 }] });
    },
    LONG,
  );
});
