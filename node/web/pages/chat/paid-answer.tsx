import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { parseReceipt, type Receipt, receiptToJson } from "../../../ai/receipt/receipt.ts";
import { type RequestStory, withNews } from "../../chain/answers.ts";
import type { ChatThread, Turn } from "../../chain/chat-thread.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { storyQuery } from "../../chain/queries.ts";
import { secretOf } from "../../chain/secrets.ts";
import { Amount } from "../../ui/exact.tsx";
import { formatCount } from "../../ui/format.ts";
import { Card } from "../../ui/layout.tsx";
import { Loaded } from "../../ui/states.tsx";
import { StatusBadge } from "../../ui/status.tsx";
import { Asking } from "../attribution/asking.tsx";
import { ClaimStory } from "../attribution/claim-story.tsx";
import { ContextLayer } from "../attribution/context-layer.tsx";
import { InfluenceLayer } from "../attribution/influence-layer.tsx";
import { useSpanView } from "../attribution/span-view.ts";
import { VerifyPanel } from "../attribution/verify-panel.tsx";
import { MarkdownAnswer } from "./markdown-answer.tsx";
import { Sources } from "./sources.tsx";
import { quotedIn, VerbatimSection } from "./verbatim-section.tsx";

interface PaidProps {
  thread: ChatThread;
  turn: Turn;
  isLast: boolean;
}

/** A paid answer: its text, what it cost, what made it, and its receipt. */
export function PaidAnswer({ thread, turn, isLast }: PaidProps) {
  const requestId = BigInt(turn.requestId ?? 0);
  const story = useQuery(storyQuery(useProtocol(), requestId));
  return (
    <Loaded query={story} what="the request" lines={4}>
      {(found) => <WithStory thread={thread} turn={turn} story={found} isLast={isLast} />}
    </Loaded>
  );
}

/** The receipt as it was kept; undefined for what is none any more. */
function keptReceipt(kept: unknown): Receipt | undefined {
  try {
    return kept === undefined ? undefined : parseReceipt(kept);
  } catch {
    return undefined;
  }
}

function WithStory({ thread, turn, story, isLast }: PaidProps & { story: RequestStory }) {
  const { genesis } = useProtocol();
  const { requestId, requestHash } = story.request;
  const receipt = useMemo(() => keptReceipt(turn.receipt), [turn.receipt]);
  const onReceipt = (found: Receipt) => thread.answered(turn.id, found.answer, receiptToJson(found));
  if (receipt !== undefined)
    return <Answered turn={turn} story={story} receipt={withNews(receipt, story)} isLast={isLast} />;
  if (secretOf(genesis, requestHash) !== undefined)
    return <Asking requestId={requestId} onReceipt={onReceipt} />;
  return (
    <Card className="text-sm">
      This browser does not hold what opens the question any more.{" "}
      <AnswerLink requestId={requestId}>See what the chain knows of it</AnswerLink>.
    </Card>
  );
}

function AnswerLink({ requestId, children }: { requestId: bigint; children: string }) {
  return (
    <Link to="/answers/$request" params={{ request: requestId.toString() }} className="text-accent underline">
      {children}
    </Link>
  );
}

function Answered({
  turn,
  story,
  receipt,
  isLast,
}: Omit<PaidProps, "thread"> & { story: RequestStory; receipt: Receipt }) {
  const quoted = useMemo(() => quotedIn(receipt), [receipt]);
  const view = useSpanView(quoted);
  return (
    <>
      <Card>
        <div data-testid="answer">
          {receipt.answer === "" ? (
            <p className="text-soft">(an empty answer)</p>
          ) : (
            <MarkdownAnswer text={receipt.answer} view={view} />
          )}
        </div>
        <Cost story={story} receipt={receipt} />
      </Card>
      <Sources id={turn.id} spans={view.spans.length} rows={receipt.claim.list.rowIds.length} isLast={isLast}>
        <VerbatimSection shown={receipt} view={view} />
        <InfluenceLayer receipt={receipt} />
        <ContextLayer shown={receipt} />
        <ClaimStory story={story} />
        <VerifyPanel receipt={receipt} />
      </Sources>
    </>
  );
}

/** What it cost, and where its claim stands. */
function Cost({ story, receipt }: { story: RequestStory; receipt: Receipt }) {
  const { request, settlement, claim } = story;
  const fee = settlement?.fee ?? claim?.fee;
  return (
    <p className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-soft">
      <span>
        {formatCount(receipt.claim.tokensIn)} tokens in, {formatCount(receipt.claim.tokensOut)} out
      </span>
      {fee === undefined ? null : (
        <span>
          cost <Amount wei={fee} />
        </span>
      )}
      <StatusBadge status={request.status} />
      <AnswerLink requestId={request.requestId}>{`Answer ${request.requestId}`}</AnswerLink>
    </p>
  );
}
