import { skipToken, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { HostsWord } from "../../../ai/epoch/purse-order.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { limitKeys, wordOf } from "../../chain/purse.ts";
import { type Signer, useSigner } from "../../chain/signer.ts";
import { requireSigner } from "../../chain/transact.ts";
import { Button } from "../../ui/button.tsx";
import { Amount } from "../../ui/exact.tsx";
import { Field } from "../../ui/field.tsx";
import { Card, Facts } from "../../ui/layout.tsx";
import { Problem } from "../../ui/states.tsx";
import { SendButton } from "../send-button.tsx";
import { AmountField, useAmount } from "./amount-field.tsx";

/** Ten years. */
const MOST_DAYS = 3_650n;

/** What a host says that it has of the account: its own node alone knows, and tells who signs for it. */
export function HostsBook({ host, isHere }: { host: Address; isHere: boolean }) {
  if (!isHere)
    return (
      <Card className="text-sm text-soft">
        What its host answered since the last epoch only that host's own node tells: open the pages of that
        node.
      </Card>
    );
  return <Book host={host} />;
}

function Book({ host }: { host: Address }) {
  const protocol = useProtocol();
  const signer = useSigner();
  const queries = useQueryClient();
  const key = ["purse-word", signer?.address, host];
  const { data: word } = useQuery<HostsWord>({ queryKey: key, queryFn: skipToken });
  const asking = useMutation({
    mutationFn: (account: Signer) => wordOf(protocol, account, host),
    onSuccess: (told) => queries.setQueryData(key, told),
  });
  const ask = () => asking.mutate(requireSigner(signer));
  return (
    <Card className="space-y-3">
      <h3 className="text-sm font-medium">By the host's book</h3>
      {word === undefined ? (
        <p className="text-sm text-soft">
          What it answered since its last epoch it tells to who signs for it. Nothing is paid.
        </p>
      ) : (
        <Facts
          facts={[
            ["Taken", <Amount key="taken" wei={word.taken} />],
            ["Not closed yet", <Amount key="open" wei={word.taken - word.purse.spent} />],
            ["Signed", <Amount key="signed" wei={word.voucher?.cumulative ?? 0n} />],
            ["Free", <Amount key="free" wei={word.free} />],
            [
              "For API keys",
              word.limit === null ? "nothing" : <Limit key="limit" word={word} limit={word.limit} />,
            ],
          ]}
        />
      )}
      <Button disabled={asking.isPending || signer === undefined} onClick={ask}>
        {asking.isPending ? "Asking…" : word === undefined ? "Ask the host" : "Ask again"}
      </Button>
      {asking.error === null ? null : <Problem error={asking.error} />}
      {word === undefined ? null : <KeyLimit host={host} onDone={ask} />}
    </Card>
  );
}

function Limit({ word: { taken }, limit }: { word: HostsWord; limit: bigint }) {
  return (
    <>
      <Amount wei={limit > taken ? limit - taken : 0n} /> more
    </>
  );
}

function KeyLimit({ host, onDone }: { host: Address; onDone: () => void }) {
  const protocol = useProtocol();
  const amount = useAmount(true);
  const [text, setText] = useState("30");
  const days = /^\d{1,4}$/.test(text) ? BigInt(text) : 0n;
  const isDays = days > 0n && days <= MOST_DAYS;
  return (
    <div className="space-y-3 border-t border-line pt-3">
      <p className="text-sm text-soft">
        Your{" "}
        <Link to="/keys" className="text-accent underline">
          API keys
        </Link>{" "}
        take no more than you sign here, in place of an earlier limit; 0 ends it. The host is trusted with it.
      </p>
      <AmountField amount={amount} name="OPEN for API keys" note="On top of what was taken so far." />
      <Field
        name="Days"
        inputMode="numeric"
        value={text}
        onChange={(event) => setText(event.target.value)}
        problem={isDays ? undefined : `Give 1 to ${MOST_DAYS} days.`}
        note="For how long the limit is good."
      />
      <SendButton
        label="Sign the limit"
        doing="Signing…"
        send={(signer) => limitKeys(protocol, signer, host, { amount: amount.wei!, days })}
        why={isDays ? amount.why : "Give the days."}
        onDone={() => {
          amount.clear();
          onDone();
        }}
      />
    </div>
  );
}
