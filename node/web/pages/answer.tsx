import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { receiptMessage } from "../../ai/receipt/access.ts";
import type { Receipt } from "../../ai/receipt/receipt.ts";
import { findReceipt, type RequestStory, withNews } from "../chain/answers.ts";
import { useProtocol } from "../chain/connection.tsx";
import { isReadable, receiptQuery, storyQuery } from "../chain/queries.ts";
import { secretOf } from "../chain/secrets.ts";
import { useSigner } from "../chain/signer.ts";
import { requireSigner, signText } from "../chain/transact.ts";
import { parseNumber } from "../site/numbers.ts";
import { Button } from "../ui/button.tsx";
import { Card, Page, Section } from "../ui/layout.tsx";
import { Empty, Loaded, Problem, Waiting } from "../ui/states.tsx";
import { StatusBadge } from "../ui/status.tsx";
import { Asking } from "./attribution/asking.tsx";
import { ClaimStory } from "./attribution/claim-story.tsx";
import { ContextLayer } from "./attribution/context-layer.tsx";
import { InfluenceLayer } from "./attribution/influence-layer.tsx";
import { VerbatimLayer } from "./attribution/verbatim-layer.tsx";
import { VerifyPanel } from "./attribution/verify-panel.tsx";

/** One answer with its receipt: whose rows made it, what they were paid, and the check of every number. */
export function AnswerPage() {
  const { request } = useParams({ from: "/protocol/answers/$request" });
  const requestId = parseNumber(request);
  if (requestId === undefined)
    return (
      <Page title="Answer">
        <Empty title="An answer has the number of its request.">The newest are on the page Answers.</Empty>
      </Page>
    );
  return <KnownAnswer key={request} requestId={requestId} />;
}

function KnownAnswer({ requestId }: { requestId: bigint }) {
  const protocol = useProtocol();
  const story = useQuery(storyQuery(protocol, requestId));
  return (
    <Page
      title={`Answer ${requestId}`}
      actions={story.data && <StatusBadge status={story.data.request.status} />}
    >
      <Loaded query={story} what="the request" lines={8}>
        {(found) => <WithStory story={found} />}
      </Loaded>
    </Page>
  );
}

function WithStory({ story }: { story: RequestStory }) {
  const protocol = useProtocol();
  const { requestId, requestHash, status, modelId } = story.request;
  // An answer that was handed over here stays even where it is not published.
  const [own, setOwn] = useState<Receipt>();
  const query = useQuery(receiptQuery(protocol, requestId));
  const secret = status === "requested" ? secretOf(protocol.genesis, requestHash) : undefined;
  const found = isReadable<Receipt>(query.data) ? query.data : own && withNews(own, story);
  return (
    <>
      {secret === undefined || own !== undefined ? null : <Asking requestId={requestId} onReceipt={setOwn} />}
      {query.error !== null && found === undefined ? (
        <Problem error={query.error} onRetry={() => void query.refetch()} />
      ) : found === undefined ? (
        <Hidden
          hidden={query.data as "private" | "elsewhere" | undefined}
          story={story}
          isAsking={secret !== undefined}
          onReceipt={setOwn}
        />
      ) : (
        <>
          <Card>
            <p className="text-sm text-soft">
              Asked of{" "}
              <Link
                to="/models/$model"
                params={{ model: modelId.toString() }}
                className="text-accent hover:underline"
              >
                {found.model.name}
              </Link>
            </p>
            <p className="mt-1 whitespace-pre-wrap">{found.prompt}</p>
            <p
              className="mt-4 border-l-4 border-accent pl-4 text-xl font-medium whitespace-pre-wrap"
              data-testid="answer"
            >
              {found.answer || "(an empty answer)"}
            </p>
          </Card>
          <InfluenceLayer receipt={found} />
          <VerbatimLayer receipt={found} />
          <ContextLayer shown={found} />
        </>
      )}
      <ClaimStory story={story} />
      {found === undefined ? null : <VerifyPanel receipt={found} />}
    </>
  );
}

function Hidden({
  hidden,
  story,
  isAsking,
  onReceipt,
}: {
  hidden: "private" | "elsewhere" | undefined;
  story: RequestStory;
  isAsking: boolean;
  onReceipt: (receipt: Receipt) => void;
}) {
  const protocol = useProtocol();
  const signer = useSigner();
  const { requestId, payer } = story.request;
  const reading = useMutation({
    mutationFn: async () => {
      const { client, at } = protocol;
      const text = receiptMessage(client.chain.id, at.market, requestId, "read");
      const found = await findReceipt(
        protocol,
        requestId,
        await signText(client, requireSigner(signer), text),
      );
      if (isReadable<Receipt>(found)) onReceipt(found);
    },
  });
  const { mutate } = reading;
  const isPayer = signer?.address === payer;
  // A devnet's account signs without a question.
  const isSilent = hidden === "private" && isPayer && signer?.kind === "devnet";
  useEffect(() => {
    if (isSilent) mutate();
  }, [isSilent, mutate]);
  if (hidden === undefined) return <Waiting what="the receipt" lines={5} />;
  if (isAsking) return null;
  if (hidden === "elsewhere")
    return (
      <Empty
        title={story.claim === undefined ? "There is no answer yet." : "This node does not have the receipt."}
      >
        {story.claim === undefined
          ? "Whoever asked has to show the host the question: open this page in the browser that asked."
          : "The host that answered keeps it: open the page of its node."}
      </Empty>
    );
  return (
    <Section title="Question and answer">
      <Empty title="They are the payer's: the receipt was not published.">
        {isPayer ? (
          <Button kind="main" disabled={reading.isPending} onClick={() => mutate()}>
            Read it with your account
          </Button>
        ) : (
          "Connect the account that paid to read it. What the chain knows stands below."
        )}
        {reading.error === null ? null : <Problem error={reading.error} />}
      </Empty>
    </Section>
  );
}
