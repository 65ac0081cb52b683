import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { rewardOrder, taintOrder } from "../../../agents/deeds.ts";
import { accuseOrder, appealDeedOrder, judgeDeedOrder } from "../../../agents/verdicts.ts";
import { type Agents, caseQuery, type DeedDoubt, deedsQuery, type ShownDeed } from "../../chain/agents.ts";
import { keepText } from "../../chain/texts.ts";
import { Amount, Hex, Time } from "../../ui/exact.tsx";
import { Field, SelectField, TextArea } from "../../ui/field.tsx";
import { formatOpen, parseOpen } from "../../ui/format.ts";
import { Card, Section } from "../../ui/layout.tsx";
import { Loaded } from "../../ui/states.tsx";
import { KeptText } from "../kept-text.tsx";
import { OrderButton } from "./parts.tsx";

/** What anybody may do about a deed: pay those whose rows it goes back to, taint it, or have it judged. Nothing without a deed. */
export function DeedSteps({ agents, id }: { agents: Agents; id: bigint }) {
  const { data: deeds = [] } = useQuery(deedsQuery(agents, id));
  const [chosen, setChosen] = useState<string>();
  const shown = deeds.find(({ deed }) => `${deed.id}` === chosen) ?? deeds[0];
  if (shown === undefined) return null;
  return (
    <Section
      title="About a deed"
      note="What it earned goes to the people behind its answers; a deed that does not follow from them under the policy costs the agent a part of its stake."
    >
      <Card className="space-y-5">
        <SelectField
          name="Deed"
          value={`${shown.deed.id}`}
          onChange={(event) => setChosen(event.target.value)}
        >
          {deeds.map(({ deed }) => (
            <option key={`${deed.id}`} value={`${deed.id}`}>
              deed {`${deed.id}`}
            </option>
          ))}
        </SelectField>
        <Reward key={`reward ${shown.deed.id}`} agents={agents} shown={shown} />
        <Taint agents={agents} shown={shown} />
        <Doubt key={`doubt ${shown.deed.id}`} agents={agents} shown={shown} />
      </Card>
    </Section>
  );
}

interface Part {
  agents: Agents;
  shown: ShownDeed;
}

function Reward({ agents, shown: { deed, answers } }: Part) {
  const [text, setText] = useState("");
  const amount = parseOpen(text);
  const isGood = amount !== undefined && amount > 0n;
  const isSettled = answers.every(({ status }) => status === "settled");
  const why = deed.isTainted
    ? "A tainted deed is paid no more."
    : isSettled
      ? isGood
        ? undefined
        : "Give an amount."
      : "Its answers are not settled.";
  const { client, protocol, at } = agents;
  return (
    <div className="space-y-3">
      <Field
        name="OPEN that it earned"
        inputMode="decimal"
        value={text}
        onChange={(event) => setText(event.target.value)}
        problem={text === "" || isGood ? undefined : "Give an amount such as 10 or 0.5."}
        note="By the weights of its answers."
      />
      <OrderButton
        agents={agents}
        label="Pay its people"
        order={() => rewardOrder(client, { ...protocol.at, ...at }, deed, amount ?? 0n)}
        why={why}
        onDone={() => setText("")}
      />
    </div>
  );
}

function Taint({ agents, shown: { deed, answers } }: Part) {
  const refuted = answers.find(({ status }) => status === "refuted");
  if (deed.isTainted || refuted === undefined) return null;
  return (
    <OrderButton
      agents={agents}
      label={`Taint it for answer ${refuted.requestId}`}
      order={() => taintOrder(agents.at, deed.id, refuted.requestId)}
    />
  );
}

function Doubt({ agents, shown }: Part) {
  const query = useQuery(caseQuery(agents, shown.deed.id));
  return (
    <Loaded query={query} what="what was said of it" lines={3}>
      {(doubt) =>
        doubt.standing === undefined ? (
          <Accuse agents={agents} shown={shown} doubt={doubt} />
        ) : (
          <Case agents={agents} shown={shown} doubt={{ ...doubt, standing: doubt.standing }} />
        )
      }
    </Loaded>
  );
}

function Accuse({ agents, shown: { deed }, doubt: { terms, now } }: Part & { doubt: DeedDoubt }) {
  const [text, setText] = useState("");
  const reason = text.trim();
  const until = deed.at + terms.accusePeriod;
  if (now > until) return <p className="text-sm text-soft">Nobody doubted it while there was time.</p>;
  return (
    <div className="space-y-3">
      <TextArea
        name="Why it does not follow"
        value={text}
        onChange={(event) => setText(event.target.value)}
        note={
          <>
            A panel of verifiers judges it for <Amount wei={terms.panelFee} />, which is lost where it upholds
            the deed. Until <Time seconds={Number(until)} />.
          </>
        }
      />
      <OrderButton
        agents={agents}
        label="Accuse it"
        order={async (signer) =>
          accuseOrder(agents.at, deed.id, await keepText(agents, signer, reason), terms.panelFee)
        }
        why={reason === "" ? "Say why." : undefined}
      />
    </div>
  );
}

type Standing = NonNullable<DeedDoubt["standing"]>;

function Case({ agents, shown, doubt }: Part & { doubt: DeedDoubt & { standing: Standing } }) {
  const { standing, terms, now } = doubt;
  const { found, finalAt } = standing;
  const { id } = shown.deed;
  const isFinal = finalAt !== undefined && now >= finalAt;
  return (
    <div className="space-y-3">
      <p className="text-sm">
        <Hex hex={found.accuser} what="accuser" /> says that it does not follow: {verdictOf(standing)}
      </p>
      <KeptText hash={found.reason} what="the reason" />
      {standing.duties.map(({ verifier, what, until }) => (
        <p key={verifier} className="text-sm text-soft">
          <Hex hex={verifier} what="panel member" /> has{" "}
          {what === "nothing more" ? (
            "nothing more to do"
          ) : (
            <>
              to {what} until <Time seconds={Number(until)} />
            </>
          )}
        </p>
      ))}
      {found.status !== "accused" || finalAt === undefined ? null : isFinal ? (
        <OrderButton agents={agents} label="Act on the verdict" order={() => judgeDeedOrder(agents.at, id)} />
      ) : (
        <OrderButton
          agents={agents}
          label={`Ask a larger panel, for ${formatOpen(terms.panelFee)}`}
          order={() => appealDeedOrder(agents.at, id, terms.panelFee)}
        />
      )}
    </div>
  );
}

function verdictOf({ found: { status }, dispute, finalAt }: Standing): ReactNode {
  if (status === "upheld") return "a panel upheld the deed.";
  if (status === "condemned") return "a panel condemned it.";
  if (dispute.status === "decided")
    return (
      <>
        a panel has said {dispute.value === dispute.claimed ? "that it does" : "so too"}, which holds from{" "}
        <Time seconds={Number(finalAt)} /> on.
      </>
    );
  if (dispute.status === "undecided") return "the panels decided nothing.";
  return dispute.status === "drawn" ? "a panel judges." : "its panel waits for its draw.";
}
