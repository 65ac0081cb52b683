import { Command } from "commander";
import { formatEther } from "viem";
import { Session } from "../../native/js/index.ts";
import { appealVerdict, caseOf, disputeClaim, panelFee, valueOfClaim } from "../ai/client/audits.ts";
import { rpcSource } from "../ai/client/content.ts";
import { getRequest } from "../ai/client/market.ts";
import { rerunRequest } from "../ai/verify/rerun-request.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { contextOf, print } from "./context.ts";
import { printCase } from "./dispute-case.ts";
import { disputeEpochCommand } from "./dispute-epoch.ts";
import { disputeLeafCommand } from "./dispute-leaf.ts";
import { disputeRecordCommand } from "./dispute-record.ts";
import { addRowsCommands } from "./dispute-rows.ts";
import { cliError } from "./errors.ts";
import { requireKey } from "./keys.ts";
import { claimOfRequest, connectProtocol, parseId } from "./protocol.ts";

/** `openledger dispute ...`: claims that a panel of verifiers runs again. */
export function disputeCommand(): Command {
  const dispute = new Command("dispute").description("have verifiers run an answered request again");
  dispute
    .command("open <request>")
    .description(
      "dispute the claim of a request, for a panel's fee; half of what a refuted host loses is yours",
    )
    .action(open);
  dispute
    .command("check <request>")
    .description(
      "run your request again on this machine and compare it with its claim; status 1 if they differ",
    )
    .requiredOption("--prompt <text>", "what was asked")
    .requiredOption("--salt <hex>", "that went into the request's hash (the receipt holds it)")
    .option("--open", "dispute the claim where it differs")
    .action(check);
  dispute
    .command("appeal <request>")
    .description("have a larger panel look again at the verdict of a small one, for a panel's fee")
    .action(appeal);
  addRowsCommands(dispute);
  dispute.addCommand(disputeRecordCommand());
  dispute.addCommand(disputeEpochCommand());
  dispute.addCommand(disputeLeafCommand());
  dispute.command("show <request>").description("where its dispute or audit stands").action(show);
  return dispute;
}

async function check(
  text: string,
  options: { prompt: string; salt: string; open?: boolean },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const requestId = parseId(text, "request");
  if (!/^0x[0-9a-f]{64}$/.test(options.salt)) {
    throw cliError("SALT_INVALID", {
      message: `${JSON.stringify(options.salt)} is no salt`,
      fix: "give 0x and 64 lower-case hexadecimal digits, as the receipt has them",
    });
  }
  const { claim } = await claimOfRequest(protocol, requestId);
  const rerunContext = { client, at, content: rpcSource(client), session: new Session() };
  const { honest } = await rerunRequest(rerunContext, requestId, {
    prompt: options.prompt,
    salt: options.salt as Hash,
  });
  if (honest === undefined) {
    throw cliError("PROMPT_OTHER", {
      message: `prompt and salt are not those of request ${requestId}`,
      fix: "give the prompt to the character, and the salt of its receipt",
      facts: { requestId },
    });
  }
  const differs = valueOfClaim(honest.claim) !== valueOfClaim(claim);
  print(context, { request: requestId, differs }, [
    differs
      ? `the claim of request ${requestId} is not what comes out here`
      : `the claim of request ${requestId} is what comes out here too`,
  ]);
  if (!differs) return;
  process.exitCode = 1;
  if (options.open) await open(text, options, command);
}

async function open(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const { client, at } = protocol;
  const requestId = parseId(text, "request");
  const { claim } = await claimOfRequest(protocol, requestId);
  const fee = await panelFee(client, at);
  const { hash } = await disputeClaim(client, at, account, claim);
  const { disputeId } = await caseOf(client, at, requestId);
  print(context, { request: requestId, dispute: disputeId, fee, transaction: hash }, [
    `dispute ${disputeId} over request ${requestId} opened for ${formatEther(fee)} OPEN in ${hash}`,
    `see \`openledger dispute show ${requestId}\``,
  ]);
}

async function appeal(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const protocol = await connectProtocol(context);
  const requestId = parseId(text, "request");
  const { claim } = await claimOfRequest(protocol, requestId);
  const { hash } = await appealVerdict(protocol.client, protocol.at, account, claim);
  print(context, { request: requestId, transaction: hash }, [
    `a larger panel looks at request ${requestId} again: ${hash}`,
  ]);
}

async function show(text: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const requestId = parseId(text, "request");
  const { status } = await getRequest(client, at, requestId);
  const name = `request ${requestId}`;
  await printCase(context, { client }, { requestId, name, facts: { request: requestId }, status, at });
}
