import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { RegisteredModel } from "../../ai/client/models.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { type Price, payFor, priceOf } from "../chain/ask.ts";
import { useProtocol } from "../chain/connection.tsx";
import { nodeHostQuery } from "../chain/queries.ts";
import { useSigner } from "../chain/signer.ts";
import { requireSigner } from "../chain/transact.ts";
import { Button } from "../ui/button.tsx";
import { Amount, useNow } from "../ui/exact.tsx";
import { TextArea } from "../ui/field.tsx";
import { Card, Section } from "../ui/layout.tsx";
import { Problem } from "../ui/states.tsx";
import { notServing } from "../ui/status.tsx";

interface Asked {
  prompt: string;
  price: Price;
}

/** Asks a model: the price first, then one signature. */
export function AskForm({ model }: { model: RegisteredModel }) {
  const protocol = useProtocol();
  const signer = useSigner();
  const navigate = useNavigate();
  const [prompt, setPrompt] = useState("");
  const host = useQuery(nodeHostQuery(protocol)).data;
  const pricing = useMutation({
    mutationFn: async (text: string): Promise<Asked> => ({
      prompt: text,
      price: await priceOf(protocol, model, host as Address, { prompt: text }),
    }),
  });
  const paying = useMutation({
    mutationFn: ({ prompt: text, price }: Asked) =>
      payFor(protocol, requireSigner(signer), model, { prompt: text }, price),
    onSuccess: (requestId) =>
      navigate({ to: "/answers/$request", params: { request: requestId.toString() } }),
  });
  const now = useNow();
  const reason = whyNot(model, host, prompt, now);
  const asked = pricing.data?.prompt === prompt.trim() ? pricing.data : undefined;
  return (
    <Section title="Ask it">
      <Card>
        <QuestionForm
          prompt={prompt}
          onChange={setPrompt}
          reason={reason}
          isCounting={pricing.isPending}
          isMain={asked === undefined}
          onAsk={() => pricing.mutate(prompt.trim())}
        />
        {pricing.error === null ? null : (
          <div className="mt-4">
            <Problem error={pricing.error} />
          </div>
        )}
        {asked === undefined ? null : (
          <PriceLine
            asked={asked}
            isPaying={paying.isPending}
            hasSigner={signer !== undefined}
            onPay={() => paying.mutate(asked)}
          />
        )}
        {paying.error === null ? null : (
          <div className="mt-4">
            <Problem error={paying.error} />
          </div>
        )}
      </Card>
    </Section>
  );
}

interface QuestionFormProps {
  prompt: string;
  onChange: (prompt: string) => void;
  /** Why it can't be asked now. */
  reason: string | undefined;
  isCounting: boolean;
  isMain: boolean;
  onAsk: () => void;
}

function QuestionForm({ prompt, onChange, reason, isCounting, isMain, onAsk }: QuestionFormProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (reason === undefined) onAsk();
      }}
    >
      <TextArea
        name="Your question"
        rows={3}
        value={prompt}
        onChange={(event) => onChange(event.target.value)}
        placeholder="Which plant does Bexanol come from?"
      />
      <div className="mt-3 flex flex-wrap items-center gap-3">
        <Button type="submit" kind={isMain ? "main" : "plain"} disabled={reason !== undefined || isCounting}>
          {isCounting ? "Counting tokens…" : "See the price"}
        </Button>
        {reason === undefined ? null : (
          <span data-waiting={reason === LOOKING ? "" : undefined} className="text-sm text-soft">
            {reason}
          </span>
        )}
      </div>
    </form>
  );
}

const LOOKING = "Looking for this node's host.";

/** The one place that decides whether a question can be asked. */
function whyNot(
  model: RegisteredModel,
  host: Address | "none" | undefined,
  prompt: string,
  now: number,
): string | undefined {
  const closed = notServing(model, now);
  if (closed !== undefined) return `It takes no questions now: ${closed}.`;
  if (host === undefined) return LOOKING;
  if (host === "none") return "This node answers no questions: open the page of a host's node.";
  return prompt.trim() === "" ? "Write a question first." : undefined;
}

function PriceLine({
  asked: { price },
  isPaying,
  hasSigner,
  onPay,
}: {
  asked: Asked;
  isPaying: boolean;
  hasSigner: boolean;
  onPay: () => void;
}) {
  return (
    <div className="mt-4 flex flex-wrap items-center justify-between gap-3 rounded-md bg-raised p-3 text-sm">
      <p>
        At most <Amount wei={price.escrow} /> for {price.maxTokensIn} tokens in and up to {price.maxTokensOut}{" "}
        out. What the answer does not use comes back.
      </p>
      <Button kind="main" disabled={isPaying || !hasSigner} onClick={onPay}>
        {isPaying ? "Paying…" : hasSigner ? "Pay and ask" : "Connect an account to pay"}
      </Button>
    </div>
  );
}
