import { Command } from "commander";
import { formatEther } from "viem";
import { rpcSource } from "../ai/client/content.ts";
import { finalAt, getDispute } from "../ai/client/disputes.ts";
import {
  appealRecord,
  type DisputedRecord,
  disputeRecord,
  RECORD_KINDS,
  recordCaseOf,
  recordPanelFee,
} from "../ai/client/model-disputes.ts";
import { getModel } from "../ai/client/models.ts";
import { loadIndex } from "../ai/watch/indexes.ts";
import { contextOf, print } from "./context.ts";
import { cliError } from "./errors.ts";
import { requireKey } from "./keys.ts";
import { connectProtocol, parseId } from "./protocol.ts";

/** `openledger dispute record ...`: records of a model's index that a panel of verifiers computes again while the model is pending. */
export function disputeRecordCommand(): Command {
  const record = new Command("record").description(
    "have verifiers compute a record of a pending model's index again",
  );
  record
    .command("open <model> <row>")
    .description(
      "dispute a record, for a panel's fee; if it is wrong the registration fails and half of its bond is yours",
    )
    .requiredOption(
      "--kind <kind>",
      "what is wrong: its `sketch`, or that it is marked as a `repeat` or as skipped (`skip`)",
    )
    .action(open);
  record
    .command("appeal <model> <row>")
    .description("have a larger panel look again at the verdict of a small one, for a panel's fee")
    .action(appeal);
  record.command("show <model> <row>").description("where a record's dispute stands").action(show);
  return record;
}

const placeOf = (model: string, row: string) => ({
  modelId: parseId(model, "model"),
  rowId: Number(parseId(row, "row")),
});

async function open(
  modelText: string,
  rowText: string,
  options: { kind: string },
  command: Command,
): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const kind = kindOf(options.kind);
  const { client, at } = await connectProtocol(context);
  const { modelId, rowId } = placeOf(modelText, rowText);
  const model = await getModel(client, at, modelId);
  if (rowId >= model.index.rows) {
    throw cliError("RECORD_UNKNOWN", {
      message: `model ${modelId} has the rows 0 to ${model.index.rows - 1}, not ${rowId}`,
      fix: "give the row's number in the model, as `receipt show` names rows",
      facts: { modelId, rowId },
    });
  }
  const { index } = await loadIndex(rpcSource(client), model);
  const fee = await recordPanelFee(client, at);
  const { hash } = await disputeRecord(client, at, account, modelId, index, { rowId, kind });
  const { disputeId } = await recordCaseOf(client, at, { modelId, rowId });
  print(context, { model: modelId, row: rowId, dispute: disputeId, fee, transaction: hash }, [
    `dispute ${disputeId} over record ${rowId} of model ${modelId} opened for ${formatEther(fee)} OPEN in ${hash}`,
    `see \`openledger dispute record show ${modelId} ${rowId}\``,
  ]);
}

function kindOf(text: string): DisputedRecord["kind"] {
  const kind = RECORD_KINDS.find((each) => each === text);
  if (kind !== undefined) return kind;
  throw cliError("RECORD_KIND_UNKNOWN", {
    message: `${JSON.stringify(text)} is nothing that can be wrong with a record`,
    fix: `give --kind ${RECORD_KINDS.join(", ")}`,
  });
}

async function appeal(model: string, row: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const account = requireKey(context);
  const { client, at } = await connectProtocol(context);
  const place = placeOf(model, row);
  const { hash } = await appealRecord(client, at, account, place);
  print(context, { model: place.modelId, row: place.rowId, transaction: hash }, [
    `a larger panel looks at record ${place.rowId} of model ${place.modelId} again: ${hash}`,
  ]);
}

async function show(model: string, row: string, _options: unknown, command: Command): Promise<void> {
  const context = contextOf(command);
  const { client, at } = await connectProtocol(context);
  const { modelId, rowId } = placeOf(model, row);
  const found = await recordCaseOf(client, at, { modelId, rowId });
  if (found.status === "none") {
    print(context, { model: modelId, row: rowId, case: null }, [
      `nobody disputed record ${rowId} of model ${modelId}`,
    ]);
    return;
  }
  const dispute = await getDispute(client, at, found.disputeId);
  print(context, { model: modelId, row: rowId, case: found, dispute }, [
    `record    ${rowId} of model ${modelId}, contribution ${found.contributionId}`,
    `dispute   ${found.disputeId}, ${found.status === "ended" ? "ended" : dispute.status}, round ${dispute.round}`,
    `opener    ${found.opener}`,
    ...(dispute.status === "decided" && found.status === "open"
      ? [`final     at ${finalAt(dispute)}, unless somebody appeals`]
      : []),
    ...(found.wasGone ? ["its datanet took the row out: it ends without a verdict"] : []),
  ]);
}
