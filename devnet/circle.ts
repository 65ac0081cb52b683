import { privateKeyToAccount } from "viem/accounts";
import { type ChainClient, connectChain, type ProtocolAddresses, send } from "../node/ai/client/chain.ts";
import { rpcSink } from "../node/ai/client/content.ts";
import { uploadsOf } from "../node/ai/content/upload-order.ts";
import { startProgress } from "../node/base/progress.ts";
import { type CircleAddresses, readCircleFile, writeCircleFile } from "../node/circle/addresses.ts";
import { applicationOf } from "../node/circle/apply.ts";
import { deployCircle } from "../node/circle/deploy.ts";
import { EXAMPLE } from "../node/circle/documents.ts";
import { applyOrder, circleTerms } from "../node/circle/grants.ts";
import { type CirclePlan, DEVNET_CIRCLE, devnetStart } from "../node/circle/plan.ts";
import { missingBondOrder } from "../node/circle/reviewers.ts";
import { ownArtifact } from "../node/deploy/artifacts.ts";
import type { GovernanceAddresses } from "../node/governance/addresses.ts";
import { devAccounts, type Role } from "./accounts.ts";
import type { Layout } from "./layout.ts";
import type { DevnetOptions } from "./options.ts";

/** Who judges grants on the devnet. */
export const CIRCLE_REVIEWERS: readonly Role[] = ["rita", "vera", "stan"];

/**
 * Deploys OpenCircle on L2 once, with a fund, budgets and reviewers that have bound their bonds; governance owns it from then on. edda
 * has asked for a grant, which waits for its panel.
 */
export async function ensureCircle(
  layout: Layout,
  { sequencerPort }: Pick<DevnetOptions, "sequencerPort">,
  protocol: ProtocolAddresses,
  { timelock }: Pick<GovernanceAddresses, "timelock">,
  plan: CirclePlan = DEVNET_CIRCLE,
): Promise<CircleAddresses> {
  const known = readCircleFile(layout.circle);
  if (known) return known;
  const accounts = devAccounts();
  const progress = startProgress({ label: "OpenCircle" });
  const client = await connectChain(`http://127.0.0.1:${sequencerPort}`);
  const founder = privateKeyToAccount(accounts.governor.privateKey);
  const start = devnetStart(CIRCLE_REVIEWERS.map((role) => accounts[role].address));
  const at = await deployCircle(client, founder, protocol, timelock, { plan, start }, (contract) => {
    progress.update(0, contract);
    return ownArtifact(contract).bytecode;
  });
  progress.update(0, "reviewers");
  const keys = CIRCLE_REVIEWERS.map((role) => privateKeyToAccount(accounts[role].privateKey));
  const join = async (key: (typeof keys)[number]) =>
    send(client, key, await missingBondOrder(client, at, key.address));
  await Promise.all([...keys.map(join), applyOnce(client, at)]);
  writeCircleFile(layout.circle, at);
  progress.finish();
  return at;
}

async function applyOnce(client: ChainClient, at: CircleAddresses): Promise<void> {
  const edda = privateKeyToAccount(devAccounts().edda.privateKey);
  const sink = rpcSink(client, uploadsOf(client.chain, edda));
  const keep = (text: string) => sink.put(new TextEncoder().encode(text));
  const application = await applicationOf(EXAMPLE, JSON.stringify(EXAMPLE), edda.address, keep);
  await send(client, edda, applyOrder(at, application, await circleTerms(client, at, EXAMPLE.tier)));
}
