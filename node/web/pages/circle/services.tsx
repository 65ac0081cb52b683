import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Grant } from "../../../circle/grants.ts";
import { confirmOrder, type Offer, offerOrder, takeBackOrder } from "../../../circle/services.ts";
import { SERVICES, type Service } from "../../../circle/words.ts";
import { type Circle, offersQuery } from "../../chain/circle.ts";
import { useSigner } from "../../chain/signer.ts";
import { keepText } from "../../chain/texts.ts";
import { Hex } from "../../ui/exact.tsx";
import { Field, SelectField, TextArea } from "../../ui/field.tsx";
import { Badge, Card, Section } from "../../ui/layout.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import { KeptText } from "../kept-text.tsx";
import { OrderButton, SERVICE_NAMES } from "./parts.tsx";

/** What a grant gets besides money: attestations of both sides. */
export function Services({ circle, grant }: { circle: Circle; grant: Grant }) {
  const query = useQuery(offersQuery(circle, grant.id));
  const isRunning = grant.state === "active" || grant.state === "reported";
  return (
    <Section
      title="Services"
      note="What others give besides money, attested by both sides: an offer says nothing alone."
    >
      <div className="space-y-3">
        <Loaded query={query} what="the services" lines={2}>
          {(offers) =>
            offers.length === 0 ? (
              <Empty title="Nothing was offered to it." />
            ) : (
              <ul className="space-y-3">
                {offers.map((offer) => (
                  <li key={offer.uid}>
                    <OfferCard circle={circle} offer={offer} />
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
        {isRunning ? <OfferForm circle={circle} grant={grant} /> : null}
      </div>
    </Section>
  );
}

function OfferCard({ circle, offer }: { circle: Circle; offer: Offer }) {
  const signer = useSigner();
  const { kind, amount, delivered, provider, payee, document, isWithdrawn } = offer;
  const isOpen = !isWithdrawn && delivered < BigInt(amount);
  return (
    <Card className="space-y-3">
      <div className="flex flex-wrap items-center justify-between gap-2 text-sm">
        <p className="font-medium">
          {SERVICE_NAMES[kind]}: {delivered.toString()} of {amount} delivered
        </p>
        {isWithdrawn ? (
          <Badge>taken back</Badge>
        ) : isOpen ? (
          <Badge tone="accent">offered</Badge>
        ) : (
          <Badge tone="good">delivered</Badge>
        )}
      </div>
      <p className="text-xs text-soft">
        by <Hex hex={provider} what="provider" />
      </p>
      <KeptText hash={document} what="the terms" />
      {isOpen && signer?.address === payee ? <ConfirmForm circle={circle} offer={offer} /> : null}
      {isOpen && delivered === 0n && signer?.address === provider ? (
        <OrderButton
          circle={circle}
          label="Take the offer back"
          order={() => takeBackOrder(circle.client, circle.at, offer)}
        />
      ) : null}
    </Card>
  );
}

function wholeNumber(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text.trim()) ? Number(text) : undefined;
}

function ConfirmForm({ circle, offer }: { circle: Circle; offer: Offer }) {
  const [pieces, setPieces] = useState("");
  const [text, setText] = useState("");
  const amount = wholeNumber(pieces);
  const left = BigInt(offer.amount) - offer.delivered;
  const isGood = amount !== undefined && BigInt(amount) <= left;
  return (
    <div className="space-y-3 border-t border-line pt-3">
      <Field
        name="Delivered to you"
        inputMode="numeric"
        value={pieces}
        onChange={(event) => setPieces(event.target.value)}
        problem={pieces === "" || isGood ? undefined : `A whole number, ${left} at most.`}
      />
      <TextArea
        name="Evidence"
        rows={2}
        value={text}
        maxLength={100_000}
        onChange={(event) => setText(event.target.value)}
        note="Anybody reads it. A delivery can't be taken back."
      />
      <OrderButton
        circle={circle}
        label="Confirm it"
        order={async (signer) =>
          confirmOrder(circle.client, circle.at, offer, {
            amount: amount!,
            document: await keepText(circle, signer, text.trim()),
          })
        }
        why={isGood ? (text.trim() === "" ? "Say what shows it." : undefined) : "Say how much."}
      />
    </div>
  );
}

function OfferForm({ circle, grant }: { circle: Circle; grant: Grant }) {
  const [kind, setKind] = useState<Service>("technical-hours");
  const [pieces, setPieces] = useState("");
  const [text, setText] = useState("");
  const amount = wholeNumber(pieces);
  const terms = text.trim();
  return (
    <Card className="space-y-3">
      <h3 className="font-medium">Offer something</h3>
      <div className="grid gap-3 sm:grid-cols-2">
        <SelectField name="What" value={kind} onChange={(event) => setKind(event.target.value as Service)}>
          {SERVICES.map((one) => (
            <option key={one} value={one}>
              {SERVICE_NAMES[one]}
            </option>
          ))}
        </SelectField>
        <Field
          name="How much"
          inputMode="numeric"
          value={pieces}
          onChange={(event) => setPieces(event.target.value)}
          problem={pieces === "" || amount !== undefined ? undefined : "Whole hours or pieces, from 1 on."}
          note="Hours, or pieces."
        />
      </div>
      <TextArea
        name="Terms"
        rows={2}
        value={text}
        maxLength={100_000}
        onChange={(event) => setText(event.target.value)}
        note="Anybody reads them."
      />
      <OrderButton
        circle={circle}
        label="Offer it"
        order={async (signer) =>
          offerOrder(circle.client, circle.at, grant.payee, {
            ...{ grantId: grant.id, kind, amount: amount! },
            document: await keepText(circle, signer, terms),
          })
        }
        why={amount === undefined ? "Say how much." : terms === "" ? "Say on what terms." : undefined}
        onDone={() => {
          setPieces("");
          setText("");
        }}
      />
    </Card>
  );
}
