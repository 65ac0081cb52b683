import { useQuery } from "@tanstack/react-query";
import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import type { Address } from "../../../chain/types/primitives.ts";
import { chatModels, keepOwnKey, ownKey, servedQuery, threadOf, useTurns } from "../../chain/chat.ts";
import { type Access, type ChatThread, isPaid, type Turn } from "../../chain/chat-thread.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { modelsQuery, nodeHostQuery } from "../../chain/queries.ts";
import { Button } from "../../ui/button.tsx";
import { useNow } from "../../ui/exact.tsx";
import { Field } from "../../ui/field.tsx";
import { Page } from "../../ui/layout.tsx";
import { Empty, Loaded, Problem } from "../../ui/states.tsx";
import { notServing } from "../../ui/status.tsx";
import { Composer } from "./composer.tsx";
import { FreeAnswer } from "./free-answer.tsx";
import { PaidAnswer } from "./paid-answer.tsx";
import { PrepaidAnswerView } from "./prepaid-answer.tsx";

/** Questions to any model that the node serves, and below each answer what made it. */
export function ChatPage() {
  const { site, client, genesis } = useProtocol();
  const thread = threadOf(genesis);
  const turns = useTurns(thread);
  const [given, setGiven] = useState(ownKey);
  const key = site.freeKey ?? given;
  const access = useMemo(
    () => (key === "" ? undefined : { rpcUrl: client.rpcUrl, key }),
    [key, client.rpcUrl],
  );
  const newest = useNewest(turns.length);
  const giveKey = (next: string) => {
    keepOwnKey(next);
    setGiven(next);
  };
  return (
    <Page
      title="Chat"
      lead="Ask any model of this node. Below each answer stands where it comes from: words that stand in rows, and rows that moved the model."
      actions={turns.length === 0 ? undefined : <Button onClick={() => thread.clear()}>New thread</Button>}
    >
      {turns.length === 0 ? (
        <Empty title="Nothing is asked yet.">Your questions and answers stay in this browser.</Empty>
      ) : (
        <ol className="space-y-8" aria-label="Questions and answers">
          {turns.map((turn, i) => (
            <li
              key={turn.id}
              ref={i === turns.length - 1 ? newest.place : undefined}
              className="scroll-mt-28"
            >
              <TurnItem
                thread={thread}
                turn={turn}
                number={i + 1}
                access={access}
                isLast={i === turns.length - 1}
              />
            </li>
          ))}
        </ol>
      )}
      {site.freeKey === undefined ? <OwnKey apiKey={given} onChange={giveKey} /> : null}
      {/* Whoever writes the next question is not disturbed by what an answer's sources wait for. */}
      <div className={newest.hasAsked ? "visible!" : ""}>
        <Ask thread={thread} access={access} isBusy={turns.some(isComing)} />
      </div>
    </Page>
  );
}

/** Brings a question that was asked here into the window. `hasAsked`: one was, since the page was opened. */
function useNewest(count: number): { place: RefObject<HTMLLIElement | null>; hasAsked: boolean } {
  const place = useRef<HTMLLIElement>(null);
  const seen = useRef(count);
  const [hasAsked, setAsked] = useState(false);
  useEffect(() => {
    if (count > seen.current) {
      setAsked(true);
      place.current?.scrollIntoView({ block: "start" });
    }
    seen.current = count;
  }, [count]);
  return { place, hasAsked };
}

/** A paid one's host is waited for in its own place. */
function isComing(turn: Turn): boolean {
  return turn.state === "coming" && !isPaid(turn);
}

function TurnItem({
  thread,
  turn,
  number,
  access,
  isLast,
}: {
  thread: ChatThread;
  turn: Turn;
  number: number;
  access: Access | undefined;
  isLast: boolean;
}) {
  const { question, name, withBefore, requestId, prepaid } = turn;
  return (
    <article className="space-y-3">
      <h2 className="sr-only">Question {number}</h2>
      <div className="ml-auto w-fit max-w-[90%] rounded-lg bg-raised px-4 py-2.5">
        <p className="break-words whitespace-pre-wrap">{question}</p>
        <p className="mt-1 text-xs break-all text-soft">
          {name}
          {withBefore ? ", with what was said before" : ""}
        </p>
      </div>
      {prepaid !== undefined ? (
        <PrepaidAnswerView thread={thread} turn={turn} prepaid={prepaid} isLast={isLast} />
      ) : requestId === undefined ? (
        <FreeAnswer thread={thread} turn={turn} access={access} isLast={isLast} />
      ) : (
        <PaidAnswer thread={thread} turn={turn} isLast={isLast} />
      )}
    </article>
  );
}

function OwnKey({ apiKey, onChange }: { apiKey: string; onChange: (key: string) => void }) {
  return (
    <Field
      name="A key of this node's /v1"
      type="password"
      autoComplete="off"
      value={apiKey}
      maxLength={256}
      onChange={(event) => onChange(event.target.value.trim())}
      note="Answers by a key are streamed and free. The page API keys makes one; it stays in this tab."
    />
  );
}

/** The composer, once it is known which models can be asked. */
function Ask({
  thread,
  access,
  isBusy,
}: {
  thread: ChatThread;
  access: Access | undefined;
  isBusy: boolean;
}) {
  const protocol = useProtocol();
  const now = useNow();
  const registered = useQuery(modelsQuery(protocol));
  const served = useQuery({
    ...servedQuery(access?.rpcUrl ?? "", access?.key ?? ""),
    enabled: access !== undefined,
  });
  const host = useQuery(nodeHostQuery(protocol));
  const isKnown = access === undefined || served.data !== undefined;
  if (access !== undefined && served.error !== null && served.data === undefined)
    return <Problem error={served.error} onRetry={() => void served.refetch()} />;
  return (
    <Loaded
      query={{
        data: isKnown && host.data !== undefined ? registered.data : undefined,
        error: registered.error ?? host.error,
        refetch: () => void Promise.all([registered.refetch(), host.refetch()]),
      }}
      what="the models"
      lines={8}
    >
      {(list) => (
        <Composer
          thread={thread}
          models={chatModels(list, access && served.data, (model) => notServing(model, now) === undefined)}
          registered={new Map(list.map((model) => [model.modelId, model]))}
          host={host.data === "none" ? undefined : (host.data as Address)}
          access={access}
          isBusy={isBusy}
        />
      )}
    </Loaded>
  );
}
