import { skipToken, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import { numberToHex } from "viem";
import type { RegisteredModel } from "../../../ai/client/models.ts";
import { bytesOfHex, keccakOf } from "../../../ai/codec/hash.ts";
import { type PrepaidAnswer, type PrepaidPlace, prepaidId } from "../../../ai/epoch/prepaid.ts";
import type { Check } from "../../../ai/receipt/checks.ts";
import { makePrepaidReceipt } from "../../../ai/receipt/prepaid-receipt.ts";
import { encodeReceipt, type Receipt, receiptToJson } from "../../../ai/receipt/receipt.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import { type L1Side, l1Query } from "../../chain/bridge.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { contentOf } from "../../chain/rows.ts";
import { saveFile } from "../../site/save-file.ts";
import { Button } from "../../ui/button.tsx";
import { Copy } from "../../ui/exact.tsx";
import { Badge, Card, Section, type Tone } from "../../ui/layout.tsx";
import { Problem } from "../../ui/states.tsx";

/** What can be checked in this very browser. */
interface Checkable {
  /** Names what is checked, by its contents: whoever comes back to the page finds what was checked. */
  name: Hash;
  /** Only whoever asks for it loads the code. */
  verify: (onCheck: (check: Check) => void, l1: L1Side | undefined) => Promise<readonly Check[]>;
  /** As the command takes it. */
  id: string;
  /** A button that saves the document. */
  saving: ReactNode;
}

/** The check of a receipt. */
export function VerifyPanel({ receipt }: { receipt: Receipt }) {
  const protocol = useProtocol();
  const name = useMemo(() => keccakOf(encodeReceipt(receipt)), [receipt]);
  const verify: Checkable["verify"] = async (onCheck, l1) => {
    const { verifyHere } = await import("../../verify/verify-here.ts");
    const { client, at } = protocol;
    return verifyHere({ receipt, client, at, source: contentOf(protocol), l1, onCheck });
  };
  const id = receipt.request.requestId.toString();
  return <Verification name={name} verify={verify} id={id} saving={<Download receipt={receipt} />} />;
}

/** The check of an answer that a purse paid for. */
export function VerifyPrepaidPanel({
  answer,
  model,
  place,
  saving,
}: {
  answer: PrepaidAnswer;
  model: RegisteredModel;
  place: PrepaidPlace | null;
  saving: ReactNode;
}) {
  const protocol = useProtocol();
  const id = prepaidId(answer.payer, answer.claim.requestHash);
  const verify: Checkable["verify"] = async (onCheck, l1) => {
    const { verifyPrepaidHere } = await import("../../verify/verify-prepaid-here.ts");
    const { client, at } = protocol;
    const receipt = makePrepaidReceipt(answer, model, place, null);
    return verifyPrepaidHere({ receipt, client, at, source: contentOf(protocol), l1, onCheck });
  };
  // Once it stands in an epoch there is more to check.
  const name = keccakOf(bytesOfHex(id), bytesOfHex(numberToHex(place?.epochId ?? 0n, { size: 32 })));
  return <Verification name={name} verify={verify} id={id} saving={saving} />;
}

function Verification({ name, verify, id, saving }: Checkable) {
  const protocol = useProtocol();
  const { rpcUrl } = protocol.client;
  const queries = useQueryClient();
  const [running, setRunning] = useState<readonly Check[]>([]);
  const key = ["verified", rpcUrl, name];
  const { data: verified } = useQuery<readonly Check[]>({ queryKey: key, queryFn: skipToken });
  const verifying = useMutation({
    mutationFn: async () => {
      setRunning([]);
      const onCheck = (check: Check) => setRunning((before) => [...before, check]);
      // Without it the node's word stands for the state.
      const l1 = await queries.fetchQuery(l1Query(protocol)).catch(() => undefined);
      queries.setQueryData(key, await verify(onCheck, l1));
    },
  });
  const isDone = verified !== undefined && verifying.status !== "pending" && verifying.status !== "error";
  const checks = isDone ? verified : running;
  return (
    <Section
      title="Verify"
      note="Recomputes the receipt in this browser with the code of the chain's precompiles. Nothing is sent anywhere but to the node for the documents."
    >
      <Card>
        <div className="flex flex-wrap items-center gap-3">
          <Button kind="main" disabled={verifying.isPending} onClick={() => verifying.mutate()}>
            {verifying.isPending ? "Checking…" : checks.length > 0 ? "Check again" : "Verify in this browser"}
          </Button>
          {saving}
          {isDone ? <Verdict checks={checks} /> : null}
        </div>
        {verifying.error === null ? null : (
          <div className="mt-4">
            <Problem error={verifying.error} />
          </div>
        )}
        {checks.length === 0 ? null : (
          <ul className="mt-4 divide-y divide-line text-sm">
            {checks.map((check) => (
              <CheckLine key={check.name} check={check} />
            ))}
          </ul>
        )}
        {isDone ? <Limits id={id} rpcUrl={rpcUrl} /> : null}
      </Card>
    </Section>
  );
}

function Verdict({ checks }: { checks: readonly Check[] }) {
  const failed = checks.filter(({ ok }) => ok === false).length;
  return (
    <p role="status" className={`font-medium ${failed > 0 ? "text-bad" : "text-good"}`} data-testid="verdict">
      {failed > 0
        ? `${failed} of ${checks.length} checks failed: do not trust this receipt.`
        : `All that can be checked here is right (${checks.filter(({ ok }) => ok).length} checks).`}
    </p>
  );
}

function CheckLine({ check: { name, grounds, ok, detail } }: { check: Check }) {
  const [tone, text]: readonly [Tone, string] =
    ok === undefined ? ["plain", "open"] : ok ? ["good", "right"] : ["bad", "wrong"];
  return (
    <li className="grid gap-x-4 gap-y-1 py-2.5 sm:grid-cols-[5rem_14rem_1fr]">
      <span>
        <Badge tone={tone}>{text}</Badge>
      </span>
      <span className="font-medium">
        {name}
        <span className="block text-xs font-normal text-soft">
          {grounds === "on chain" ? "on chain, by this node's word" : grounds}
        </span>
      </span>
      <span className="min-w-0 break-words text-soft">{detail}</span>
    </li>
  );
}

const ONLY_BY_EXECUTION: readonly (readonly [what: string, why: string])[] = [
  ["the answer's tokens", "the model has to answer again"],
  ["the query sketch", "the model's gradient of the answer has to be computed again"],
  [
    "that no verbatim span and no row that holds one is missing",
    "rows and answer have to be cut into tokens again",
  ],
  ["the records of the index (--index)", "so have the gradients of all training rows"],
  ["the adapter (--train)", "the fine-tuning has to be replayed"],
];

function Limits({ id, rpcUrl }: { id: string; rpcUrl: string }) {
  const command = `openledger receipt verify ${id} --rpc ${rpcUrl}`;
  return (
    <div className="mt-4 rounded-md bg-raised p-4 text-sm">
      <p className="font-medium">What only running the model again can check</p>
      <ul className="mt-1 list-disc space-y-0.5 pl-5 text-soft">
        {ONLY_BY_EXECUTION.map(([what, why]) => (
          <li key={what}>
            {what}: {why}
          </li>
        ))}
      </ul>
      <p className="mt-2 text-soft">
        What says "on chain" was answered by this node. Another node's URL in the command makes it that node's
        word; your own node makes it yours.
      </p>
      <p className="mt-2 flex items-center gap-1">
        <code className="min-w-0 overflow-x-auto rounded bg-page px-2 py-1 font-mono text-xs break-all">
          {command}
        </code>
        <Copy text={command} what="the command" />
      </p>
    </div>
  );
}

function Download({ receipt }: { receipt: Receipt }) {
  const text = () => `${JSON.stringify(receiptToJson(receipt), null, 2)}\n`;
  const save = () => saveFile(`receipt-${receipt.request.requestId}.json`, "application/json", text());
  return <Button onClick={save}>Save the receipt</Button>;
}
