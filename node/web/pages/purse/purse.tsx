import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Address } from "../../../chain/types/primitives.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { fillPurse, type HeldPurse, pursesQuery } from "../../chain/purse.ts";
import { nodeHostQuery } from "../../chain/queries.ts";
import { useSigner } from "../../chain/signer.ts";
import { parseAddress } from "../../site/numbers.ts";
import { buttonClass } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Card, Page, Section } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { SendButton } from "../send-button.tsx";
import { AmountField, useAmount } from "./amount-field.tsx";
import { OnePurse } from "./one-purse.tsx";

/** OPEN laid by for hosts, out of which answers are paid by signatures. */
export function PursePage() {
  const signer = useSigner();
  return (
    <Page
      title="Purse"
      lead="OPEN laid by for a host: its answers are paid out of it by signatures, without a transaction for each. What you risk is what you signed above what was answered."
      actions={
        <Link to="/epochs" className={buttonClass()}>
          Epochs
        </Link>
      }
    >
      {signer === undefined ? (
        <Empty title="Connect an account first.">Its purses appear here.</Empty>
      ) : (
        <Purses key={signer.address} account={signer.address.toLowerCase() as Address} />
      )}
    </Page>
  );
}

function Purses({ account }: { account: Address }) {
  const protocol = useProtocol();
  const host = useQuery(nodeHostQuery(protocol));
  const here =
    host.data === undefined || host.data === "none" ? undefined : (host.data.toLowerCase() as Address);
  const purses = useQuery({ ...pursesQuery(protocol, account, here), enabled: host.data !== undefined });
  const query = { ...purses, error: host.error ?? purses.error };
  return (
    <Loaded query={query} what="the purses" lines={9}>
      {({ purses: list, delay, now }) => (
        <>
          {list.map((purse) => (
            <OnePurse key={purse.host} purse={purse} isHere={purse.host === here} delay={delay} now={now} />
          ))}
          <Fill here={here} purses={list} />
        </>
      )}
    </Loaded>
  );
}

function Fill({ here, purses }: { here: Address | undefined; purses: readonly HeldPurse[] }) {
  const protocol = useProtocol();
  const [text, setText] = useState(here ?? "");
  const amount = useAmount();
  const host = parseAddress(text);
  const known = purses.find((purse) => purse.host === host);
  return (
    <Section
      title="Fill a purse"
      note="It pays the answers of that host alone. What is left of it comes back after a delay."
    >
      <Card className="space-y-3">
        <Field
          name="Host"
          value={text}
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
          problem={
            text === "" || host !== undefined ? undefined : "An address has 0x and 40 hexadecimal digits."
          }
          note={host !== undefined && host === here ? "This node's own host." : "Whose answers it pays."}
        />
        <AmountField amount={amount} note="Laid by until it is spent, or taken back." />
        <SendButton
          kind="main"
          label={known !== undefined && known.balance > 0n ? "Fill it up" : "Fill the purse"}
          send={(signer) => fillPurse(protocol, signer, host!, amount.wei!)}
          why={host === undefined ? "Give a host's address." : amount.why}
          onDone={amount.clear}
        />
      </Card>
    </Section>
  );
}
