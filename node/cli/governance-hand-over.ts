import type { Command } from "commander";
import type { Account } from "viem";
import { readParameters } from "../ai/client/parameters.ts";
import { sleep } from "../base/clock.ts";
import { startProgress } from "../base/progress.ts";
import { openGovernorAbi } from "../chain/generated/abi.ts";
import type { Address } from "../chain/types/primitives.ts";
import { ownArtifact, stockArtifact } from "../deploy/artifacts.ts";
import { writeGovernanceFile } from "../governance/addresses.ts";
import { type HandOverRealm, type HandOverStep, NEVER, remainingSteps } from "../governance/hand-over.ts";
import { listPowers, type Power } from "../governance/powers.ts";
import { checkRelay, deployRelay } from "../governance/relay.ts";
import { contextOf, print } from "./context.ts";
import { connectGovernance, type Governance, governanceFile } from "./governance-context.ts";
import { requireKey } from "./keys.ts";
import { parseId } from "./protocol.ts";

const POLL_MS = 1_000;

/** Adds `parameters`, `powers` and `hand-over`. */
export function addHandOverCommands(governance: Command): void {
  governance
    .command("parameters")
    .description("the parameters in force, by the names that proposals use")
    .action(async (_options: unknown, command: Command) => {
      const { context, client, protocol } = await connectGovernance(contextOf(command));
      const parameters = await readParameters(client, protocol);
      print(
        context,
        parameters,
        Object.entries(parameters).map(([name, value]) => `${`parameters.${name}`.padEnd(30)} ${value}`),
      );
    });
  governance
    .command("powers")
    .description("every owner, admin, minter and role of the chain's contracts, and whether a key holds it")
    .action(async (_options: unknown, command: Command) => {
      const governance = await connectGovernance(contextOf(command));
      const powers = await listPowers(await realmOf(governance));
      print(governance.context, powers, powerLines(powers));
    });
  governance
    .command("hand-over")
    .description(
      "give every right of the founders to the timelocks: each run does what --key can do now, and says what is left",
    )
    .option("--pause-period <seconds>", "how long the council's pause of withdrawals lasts", "604800")
    .option("--wait", "wait for the timelocks, and do what is due then")
    .action(handOver);
}

async function realmOf(governance: Governance): Promise<HandOverRealm> {
  const { client, protocol, at, circle, agents, contracts } = governance;
  const l1Client = await governance.l1();
  const council = await client.public.readContract({
    ...{ address: at.governor, abi: openGovernorAbi },
    functionName: "proposalGuardian",
  });
  return {
    ...{ l1: l1Client.public, l2: client.public, l1Client, l2Client: client, contracts, protocol, at },
    ...{ circle, agents },
    council: council.toLowerCase() as Address,
  };
}

async function handOver(options: { pausePeriod: string; wait?: boolean }, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const governance = await connectGovernance(context);
  const before = await realmOf(governance);
  const { council, contracts, l1Client } = before;
  const plan = { contracts, council, pausePeriod: Number(parseId(options.pausePeriod, "number of seconds")) };
  const at = await deployRelay(l1Client, account, governance.at, plan, {
    relay: ownArtifact("GovernanceRelay").bytecode,
    pauseGuardian: ownArtifact("PauseGuardian").bytecode,
    storageSetter: stockArtifact("StorageSetter").bytecode,
  });
  if (at.relay !== governance.at.relay || at.pauseGuardian !== governance.at.pauseGuardian)
    writeGovernanceFile(governanceFile(context), at);
  await checkRelay(l1Client, at, plan);
  const realm = { ...before, at };
  const { done, left } = await doSteps(realm, account, options.wait === true);
  const powers = await listPowers(realm);
  const value = { done, left: left.map(({ act: _, ...step }) => step), powers };
  print(context, value, [
    ...done.map((what) => `done: ${what}`),
    ...left.map((step) => `left: ${leftText(step)}`),
    ...(left.length === 0
      ? ["handed over; keys that can still do something:"]
      : ["keys that can do something now:"]),
    ...powerLines(powers.filter(({ isPerson }) => isPerson)),
  ]);
}

/** Does what the account can do, step by step, since each may bring the next. */
async function doSteps(
  realm: HandOverRealm,
  account: Account,
  waits: boolean,
): Promise<{ done: string[]; left: HandOverStep[] }> {
  const done: string[] = [];
  const progress = startProgress({ label: "waiting for the timelocks", unit: "seconds" });
  for (let waited = 0; ; ) {
    const left = await remainingSteps(realm);
    const own = left.filter(({ who }) => who === undefined || who === account.address.toLowerCase());
    const now = await timesOf(realm);
    const due = own.find(({ from, chain }) => from <= now[chain]);
    if (due) {
      await due.act(account);
      done.push(`${due.what}, on ${due.chain}`);
      continue;
    }
    const isComing = own.some(({ from }) => from !== NEVER);
    if (!waits || !isComing) {
      progress.finish();
      return { done, left };
    }
    progress.update(waited++);
    await sleep(POLL_MS);
  }
}

async function timesOf({ l1, l2 }: HandOverRealm): Promise<Record<"L1" | "L2", bigint>> {
  const [{ timestamp: L1 }, { timestamp: L2 }] = await Promise.all([l1.getBlock(), l2.getBlock()]);
  return { L1, L2 };
}

function leftText({ what, chain, who, from }: HandOverStep): string {
  const by = who === undefined ? "anybody" : `the key of ${who}`;
  const when =
    from === 0n || from === NEVER ? "" : `, from ${new Date(Number(from) * 1000).toISOString()} on`;
  return `${what}, on ${chain}, by ${by}${when}`;
}

function powerLines(powers: readonly Power[]): string[] {
  return powers.map(
    ({ chain, contract, power, holder, isPerson }) =>
      `  ${chain}  ${`${contract}.${power}`.padEnd(34)} ${holder}${isPerson ? "  a key" : ""}`,
  );
}
