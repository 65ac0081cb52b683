import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { earnedParts } from "../../../ai/client/earnings.ts";
import type { RegisteredModel } from "../../../ai/client/models.ts";
import { contributorsPart, feeOf, netOf } from "../../../ai/epoch/epoch.ts";
import {
  type PrepaidAnswer,
  type PrepaidPlace,
  parsePrepaid,
  prepaidToJson,
} from "../../../ai/epoch/prepaid.ts";
import { makePrepaidReceipt, prepaidReceiptToJson, proofAt } from "../../../ai/receipt/prepaid-receipt.ts";
import { modelPart } from "../../../ai/receipt/receipt.ts";
import type { ChatThread, PrepaidQuestion, Turn } from "../../chain/chat-thread.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { epochQuery } from "../../chain/epochs.ts";
import { askFromPurse } from "../../chain/purse.ts";
import { placeQuery, takeSoon } from "../../chain/purse-questions.ts";
import { modelQuery } from "../../chain/queries.ts";
import { contentOf, readIndexOf } from "../../chain/rows.ts";
import { type Signer, useSigner } from "../../chain/signer.ts";
import { saveFile } from "../../site/save-file.ts";
import { Button } from "../../ui/button.tsx";
import { Amount } from "../../ui/exact.tsx";
import { formatCount } from "../../ui/format.ts";
import { Card, Section } from "../../ui/layout.tsx";
import { Empty, Loaded, Problem } from "../../ui/states.tsx";
import { ContextLayer } from "../attribution/context-layer.tsx";
import { DiscountSaid } from "../attribution/discount-said.tsx";
import { Estimate, InfluenceRows, listedRows, payByList } from "../attribution/influence-layer.tsx";
import { useSpanView } from "../attribution/span-view.ts";
import { VerifyPrepaidPanel } from "../attribution/verify-panel.tsx";
import { EpochBadge } from "../epochs/parts.tsx";
import { MarkdownAnswer } from "./markdown-answer.tsx";
import { Sources } from "./sources.tsx";
import { quotedIn, VerbatimSection } from "./verbatim-section.tsx";

interface PrepaidProps {
  thread: ChatThread;
  turn: Turn;
  prepaid: PrepaidQuestion;
  isLast: boolean;
}

/** An answer that a purse pays for: its text, what it cost, whose rows made it, and its epoch once it stands in one. */
export function PrepaidAnswerView({ thread, turn, prepaid, isLast }: PrepaidProps) {
  const answer = useMemo(() => keptAnswer(turn.receipt), [turn.receipt]);
  if (answer === undefined) return <AskingPurse thread={thread} turn={turn} prepaid={prepaid} />;
  return <Answered turn={turn} answer={answer} isLast={isLast} />;
}

/** The answer as it was kept; undefined for what is none any more. */
function keptAnswer(kept: unknown): PrepaidAnswer | undefined {
  try {
    return kept === undefined ? undefined : parsePrepaid(kept);
  } catch {
    return undefined;
  }
}

/** Asks the host: by itself where the question was just put, else at a word, since a wallet has to sign again. */
function AskingPurse({ thread, turn, prepaid }: Omit<PrepaidProps, "isLast">) {
  const protocol = useProtocol();
  const signer = useSigner();
  const asking = useMutation({
    mutationFn: (payer: Signer) => askFromPurse(protocol, payer, prepaid),
    onSuccess: (answer) => thread.answered(turn.id, answer.answer, prepaidToJson(answer)),
  });
  const { mutate } = asking;
  useEffect(() => {
    if (signer !== undefined && takeSoon(turn.id)) mutate(signer);
  }, [mutate, signer, turn.id]);
  if (asking.isPending)
    return (
      <Card>
        <p role="status" className="flex items-center gap-3">
          <span
            aria-hidden
            className="size-4 animate-spin rounded-full border-2 border-accent border-t-transparent"
          />
          Your purse pays by a signature. The host computes the answer, and works out whose rows made it.
        </p>
      </Card>
    );
  const isPayer = signer?.address.toLowerCase() === prepaid.payer;
  const again = isPayer ? () => mutate(signer) : undefined;
  if (asking.error !== null) return <Problem error={asking.error} onRetry={again} />;
  return (
    <Card className="space-y-3 text-sm">
      <p>No answer came here yet. Asked again, its host gives the same answer, and takes its price once.</p>
      {again === undefined ? (
        <p className="text-soft">The account that asked has to be connected for it.</p>
      ) : (
        <Button onClick={again}>Ask its host again</Button>
      )}
    </Card>
  );
}

function Answered({ turn, answer, isLast }: { turn: Turn; answer: PrepaidAnswer; isLast: boolean }) {
  const protocol = useProtocol();
  const quoted = useMemo(() => quotedIn(answer), [answer]);
  const view = useSpanView(quoted);
  const model = useQuery(modelQuery(protocol, answer.claim.modelId));
  return (
    <>
      <Card>
        <div data-testid="answer">
          {answer.answer === "" ? (
            <p className="text-soft">(an empty answer)</p>
          ) : (
            <MarkdownAnswer text={answer.answer} view={view} />
          )}
        </div>
        <Cost answer={answer} />
      </Card>
      <Sources
        id={turn.id}
        spans={answer.verbatim && view.spans.length}
        rows={answer.claim.list.rowIds.length}
        isLast={isLast}
      >
        <Loaded query={model} what="the model" lines={6}>
          {(found) => (
            <>
              <VerbatimSection shown={{ ...answer, model: modelPart(found) }} view={view} />
              <Rows answer={answer} model={found} />
              <ContextLayer shown={{ ...answer, model: modelPart(found) }} />
              <Verify answer={answer} model={found} />
            </>
          )}
        </Loaded>
      </Sources>
    </>
  );
}

/** What it cost, and where it stands. */
function Cost({ answer }: { answer: PrepaidAnswer }) {
  const { claim } = answer;
  const place = useQuery(placeQuery(useProtocol(), answer));
  return (
    <p className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-soft">
      <span>
        {formatCount(claim.tokensIn)} tokens in, {formatCount(claim.tokensOut)} out
      </span>
      <span>
        cost <Amount wei={feeOf(answer, netOf(answer, claim))} /> of your purse
      </span>
      {place.data ? (
        <EpochLink epochId={place.data.epochId} position={place.data.position} />
      ) : (
        <span>{place.data === null ? "in no epoch yet: its host closes one in time" : ""}</span>
      )}
    </p>
  );
}

function EpochLink({ epochId, position }: { epochId: bigint; position: number }) {
  const epoch = useQuery(epochQuery(useProtocol(), epochId));
  return (
    <>
      {epoch.data === undefined ? null : <EpochBadge state={epoch.data.state} />}
      <Link
        to="/epochs/$epoch"
        params={{ epoch: epochId.toString() }}
        className="text-accent underline"
      >{`Place ${position} of epoch ${BigInt.asUintN(64, epochId)}`}</Link>
    </>
  );
}

function Rows({ answer, model }: { answer: PrepaidAnswer; model: RegisteredModel }) {
  const protocol = useProtocol();
  const { claim } = answer;
  const rows = useQuery({
    queryKey: ["prepaid-rows", answer.payer, claim.requestHash],
    queryFn: async () => listedRows({ claim, model: modelPart(model) }, await readIndexOf(protocol, model)),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const pay = useMemo(() => {
    const part = contributorsPart(model.split.contributors, netOf(answer, claim));
    return payByList(claim.list, earnedParts(claim, part).byList, false);
  }, [answer, claim, model]);
  return (
    <Section
      title="Influence"
      note="An estimate: which training rows moved the model towards this answer. By it the contributors' part of what it cost is divided, once its epoch is settled."
    >
      <DiscountSaid shown={answer} />
      <Loaded query={rows} what="the rows" lines={4}>
        {(found) =>
          found.length === 0 ? (
            <Empty title="No row scored above zero.">
              What training earned goes to the pools of the model's snapshots.
            </Empty>
          ) : (
            <>
              <Estimate modelId={claim.modelId} model={model} />
              <InfluenceRows rows={found} pay={pay} copied={{ answer: answer.answer, receipt: undefined }} />
            </>
          )
        }
      </Loaded>
    </Section>
  );
}

/** The answer checked here, and its receipt as a file: once it stands in an epoch, with what proves its place there. */
function Verify({ answer, model }: { answer: PrepaidAnswer; model: RegisteredModel }) {
  const protocol = useProtocol();
  const { data: place } = useQuery(placeQuery(protocol, answer));
  const saving = useMutation({
    mutationFn: async (found: PrepaidPlace | null) => {
      const proof = found && (await proofAt(protocol, contentOf(protocol), found));
      const json = prepaidReceiptToJson(makePrepaidReceipt(answer, model, found, proof));
      const name = `prepaid-${answer.claim.requestHash.slice(2, 12)}.json`;
      saveFile(name, "application/json", `${JSON.stringify(json, null, 2)}\n`);
    },
  });
  const save = (
    <Button
      disabled={saving.isPending || place === undefined}
      onClick={() => place !== undefined && saving.mutate(place)}
    >
      Save the receipt
    </Button>
  );
  return (
    <>
      <VerifyPrepaidPanel answer={answer} model={model} place={place ?? null} saving={save} />
      {saving.error === null ? null : <Problem error={saving.error} />}
    </>
  );
}
