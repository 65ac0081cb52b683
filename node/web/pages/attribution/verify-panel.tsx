import { skipToken, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { keccakOf } from "../../../ai/codec/hash.ts";
import type { Check } from "../../../ai/receipt/checks.ts";
import { encodeReceipt, type Receipt, receiptToJson } from "../../../ai/receipt/receipt.ts";
import { l1Query } from "../../chain/bridge.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { contentOf } from "../../chain/rows.ts";
import { saveFile } from "../../site/save-file.ts";
import { Button } from "../../ui/button.tsx";
import { Copy } from "../../ui/exact.tsx";
import { Badge, Card, Section, type Tone } from "../../ui/layout.tsx";
import { Problem } from "../../ui/states.tsx";

/** The check of a receipt in this very browser. */
export function VerifyPanel({ receipt }: { receipt: Receipt }) {
  const protocol = useProtocol();
  const { client, at } = protocol;
  const queries = useQueryClient();
  const [running, setRunning] = useState<readonly Check[]>([]);
  // Whoever comes back to the page finds what was checked, and the page as long as it was.
  const key = useMemo(
    () => ["verified", client.rpcUrl, keccakOf(encodeReceipt(receipt))],
    [client.rpcUrl, receipt],
  );
  const { data: verified } = useQuery<readonly Check[]>({ queryKey: key, queryFn: skipToken });
  const verifying = useMutation({
    mutationFn: async () => {
      setRunning([]);
      // Only whoever asks for it loads it.
      const { verifyHere } = await import("../../verify/verify-here.ts");
      const onCheck = (check: Check) => setRunning((before) => [...before, check]);
      // Without it the node's word stands for the state.
      const l1 = await queries.fetchQuery(l1Query(protocol)).catch(() => undefined);
      queries.setQueryData(
        key,
        await verifyHere({ receipt, client, at, source: contentOf(protocol), l1, onCheck }),
      );
    },
  });
  const isDone = verified !== undefined && verifying.status !== "pending" && verifying.status !== "error";
  const checks = isDone ? verified : running;
  const failed = checks.filter(({ ok }) => ok === false).length;
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
          <Download receipt={receipt} />
          {!isDone ? null : (
            <p
              role="status"
              className={`font-medium ${failed > 0 ? "text-bad" : "text-good"}`}
              data-testid="verdict"
            >
              {failed > 0
                ? `${failed} of ${checks.length} checks failed: do not trust this receipt.`
                : `All that can be checked here is right (${checks.filter(({ ok }) => ok).length} checks).`}
            </p>
          )}
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
        {!isDone ? null : <Limits receipt={receipt} rpcUrl={client.rpcUrl} />}
      </Card>
    </Section>
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

function Limits({ receipt, rpcUrl }: { receipt: Receipt; rpcUrl: string }) {
  const command = `openledger receipt verify ${receipt.request.requestId} --rpc ${rpcUrl}`;
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
