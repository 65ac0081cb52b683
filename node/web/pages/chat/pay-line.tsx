import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RegisteredModel } from "../../../ai/client/models.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import { type Price, payFor, priceOf, type Question } from "../../chain/ask.ts";
import type { Asked, ChatThread } from "../../chain/chat-thread.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { askSoon, prepaidQuestion } from "../../chain/purse-questions.ts";
import { useSigner } from "../../chain/signer.ts";
import { requireSigner } from "../../chain/transact.ts";
import { Button } from "../../ui/button.tsx";
import { Amount } from "../../ui/exact.tsx";
import { Problem } from "../../ui/states.tsx";

interface PayProps {
  thread: ChatThread;
  asked: Asked;
  model: RegisteredModel;
  host: Address;
  /** Out of the purse for the host; else by a transaction. */
  isOfPurse: boolean;
  onPaid: () => void;
}

/** The price first, then one signature. */
export function PayLine({ thread, asked, model, host, isOfPurse, onPaid }: PayProps) {
  const protocol = useProtocol();
  const signer = useSigner();
  const before = asked.withBefore ? thread.said() : [];
  const question: Question = { prompt: asked.question, ...(before.length > 0 && { before }) };
  const priced = JSON.stringify(question);
  const pricing = useMutation({
    mutationFn: async (): Promise<{ of: string; price: Price }> => ({
      of: priced,
      price: await priceOf(protocol, model, host, question),
    }),
  });
  const paying = useMutation({
    mutationFn: async (price: Price) => {
      const payer = requireSigner(signer);
      thread.requireRoom();
      if (isOfPurse)
        askSoon(thread.addPrepaid(asked, prepaidQuestion(payer.address, model, question, price)));
      else thread.addPaid(asked, await payFor(protocol, payer, model, question, price));
    },
    onSuccess: onPaid,
  });
  const price = pricing.data?.of === priced ? pricing.data.price : undefined;
  const error = pricing.error ?? paying.error;
  return (
    <div className="mt-4 space-y-3">
      {price === undefined ? (
        <Button kind="main" disabled={pricing.isPending} onClick={() => pricing.mutate()}>
          {pricing.isPending ? "Counting tokens…" : "See the price"}
        </Button>
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-3 rounded-md bg-raised p-3 text-sm">
          <p>
            At most <Amount wei={price.escrow} /> for {price.maxTokensIn} tokens in and up to{" "}
            {price.maxTokensOut} out. {isOfPurse ? <PurseNote /> : "What the answer does not use comes back."}
          </p>
          <Button
            kind="main"
            disabled={paying.isPending || signer === undefined}
            onClick={() => paying.mutate(price)}
          >
            {paying.isPending
              ? "Paying…"
              : signer === undefined
                ? "Connect an account to pay"
                : isOfPurse
                  ? "Sign and ask"
                  : "Pay and ask"}
          </Button>
        </div>
      )}
      {error === null ? null : <Problem error={error} />}
    </div>
  );
}

function PurseNote() {
  return (
    <>
      Only what the answer uses is taken out of{" "}
      <Link to="/purse" className="text-accent underline">
        your purse
      </Link>
      .
    </>
  );
}
