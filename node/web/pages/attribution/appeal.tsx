import { useMutation } from "@tanstack/react-query";
import type { PostedClaim } from "../../../ai/client/claims.ts";
import { type Compared, compareRows, showFalse } from "../../chain/appeal.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { useSigner } from "../../chain/signer.ts";
import { Button } from "../../ui/button.tsx";
import { Copy } from "../../ui/exact.tsx";
import { formatCount } from "../../ui/format.ts";
import { Problem } from "../../ui/states.tsx";
import { SendButton } from "../send-button.tsx";

/** "Was my row missed?", while a claim can still be shown false: computed here, sent as a challenge. */
export function Appeal({ claim }: { claim: PostedClaim }) {
  const protocol = useProtocol();
  const comparing = useMutation({ mutationFn: () => compareRows(protocol, claim) });
  const command = `openledger dispute rows ${claim.requestId} --challenge --rpc ${protocol.client.rpcUrl}`;
  return (
    <div className="space-y-2">
      <Button disabled={comparing.isPending} onClick={() => comparing.mutate()}>
        {comparing.isPending ? "Comparing…" : "Was a row missed?"}
      </Button>
      {comparing.error === null ? null : <Problem error={comparing.error} />}
      {comparing.data === undefined ? null : <Found compared={comparing.data} claim={claim} />}
      {comparing.data === undefined || (comparing.data.isWhole && !comparing.data.counter) ? null : (
        <p className="flex items-center gap-1">
          <code className="min-w-0 overflow-x-auto rounded bg-raised px-2 py-1 font-mono text-xs break-all">
            {command}
          </code>
          <Copy text={command} what="the command" />
        </p>
      )}
    </div>
  );
}

const SAYINGS = {
  score: "the score of a listed row is another one",
  omission: "a row is missing that scores above a listed one",
  weights: "the weights do not follow from the listed rows",
} as const;

function Found({ compared, claim }: { compared: Compared; claim: PostedClaim }) {
  const protocol = useProtocol();
  const signer = useSigner();
  const { counter, rows, isWhole } = compared;
  if (counter === undefined)
    return (
      <p role="status" data-testid="compared">
        {isWhole
          ? `Compared with all ${formatCount(rows)} rows: none was missed, scores and weights are right.`
          : `All ${formatCount(rows)} rows scored again: the listed ones' scores are right. Which rows hold the answer's words takes the model's tokenizer; this command compares them too, and shows on chain what is false:`}
      </p>
    );
  return (
    <div className="space-y-2" role="status" data-testid="compared">
      <p className="text-bad">
        The claim is false: {SAYINGS[counter.kind]}
        {counter.kind === "weights" ? "." : ` (row ${counter.rowId}).`}
      </p>
      <SendButton
        kind="main"
        label="Show it on chain"
        why={
          signer?.kind === "wallet"
            ? "A wallet's second question would come too late: use the command."
            : undefined
        }
        send={(account) => showFalse(protocol, account, compared, claim.claimHash)}
      />
    </div>
  );
}
