import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import {
  type Balances,
  balancesOf,
  type DepositStep,
  deposit,
  type L1Side,
  l1Query,
  withdrawToL1,
} from "../chain/bridge.ts";
import { useConnection } from "../chain/connection.tsx";
import { LIVE, useLive } from "../chain/live-provider.tsx";
import { type Signer, useSigner } from "../chain/signer.ts";
import { Button } from "../ui/button.tsx";
import { Amount } from "../ui/exact.tsx";
import { Field } from "../ui/field.tsx";
import { Figure } from "../ui/figure.tsx";
import { formatOpen, parseOpen } from "../ui/format.ts";
import { Card, Page, Section } from "../ui/layout.tsx";
import { Empty, Loaded, Problem } from "../ui/states.tsx";
import { Deposits, Withdrawals } from "./bridge-lists.tsx";

/** OPEN from L1 to L2 and home again. All of it is on the chains: a break at any step loses nothing. */
export function BridgePage() {
  const signer = useSigner();
  const l1 = useQuery(l1Query(useConnection()));
  return (
    <Page
      title="Bridge"
      lead="OPEN is an ERC-20 on L1 and the coin of this chain. To L2 it takes minutes; home it takes a proof, and the time in which a false output of this chain can be deleted on L1."
    >
      <Loaded query={l1} what="L1" lines={8}>
        {(side) =>
          signer === undefined ? (
            <Empty title="Connect an account first.">
              Its OPEN on both chains, and every step that waits for it, appear here.
            </Empty>
          ) : (
            <Ways key={signer.address} signer={signer} l1={side} />
          )
        }
      </Loaded>
    </Page>
  );
}

function Ways({ signer, l1 }: { signer: Signer; l1: L1Side }) {
  const connection = useConnection();
  const { head } = useLive();
  const balances = useQuery({
    queryKey: [LIVE, "bridge", "balances", signer.address, head?.hash],
    queryFn: () => balancesOf(connection, l1, signer.address),
    placeholderData: (before) => before,
  });
  return (
    <>
      <Loaded query={balances} what="what the account has" lines={6}>
        {(found) => (
          <>
            <dl className="grid gap-3 sm:grid-cols-3">
              <Figure name="OPEN on L1" value={<Amount wei={found.l1} unit={false} />} />
              <Figure name="OPEN on L2" value={<Amount wei={found.l2} unit={false} />} />
              <Figure
                name="Ether on L1"
                value={<Amount wei={found.ether} unit={false} />}
                note="pays for its transactions"
              />
            </dl>
            <div className="grid gap-6 md:grid-cols-2">
              <ToL2 signer={signer} l1={l1} balances={found} onDone={() => void balances.refetch()} />
              <ToL1 signer={signer} balances={found} onDone={() => void balances.refetch()} />
            </div>
          </>
        )}
      </Loaded>
      <Deposits account={signer.address} l1={l1} />
      <Withdrawals signer={signer} l1={l1} />
    </>
  );
}

const DEPOSIT_STEPS: Record<DepositStep, string> = {
  approve: "1 of 2: allowing the bridge to take it…",
  deposit: "2 of 2: handing it over…",
};

/** Why an amount can't be sent; undefined where it can. */
export function amountProblem(amount: bigint | undefined, has: bigint): string | undefined {
  if (amount === undefined || amount === 0n) return "Give an amount such as 10 or 0.5.";
  return amount > has ? `The account has ${formatOpen(has)}.` : undefined;
}

function ToL2({
  signer,
  l1,
  balances,
  onDone,
}: {
  signer: Signer;
  l1: L1Side;
  balances: Balances;
  onDone: () => void;
}) {
  const [text, setText] = useState("");
  const [step, setStep] = useState<DepositStep>();
  const amount = parseOpen(text);
  const problem = amountProblem(amount, balances.l1);
  const sending = useMutation({
    mutationFn: () => deposit(l1, signer, amount!, balances.allowance, setStep),
    onSuccess: () => setText(""),
    onSettled: () => {
      setStep(undefined);
      onDone();
    },
  });
  return (
    <Section title="To L2" note="Two transactions on L1; the second arrives here by itself.">
      <Way
        text={text}
        onText={setText}
        problem={text === "" ? undefined : problem}
        isReady={problem === undefined}
        isSending={sending.isPending}
        button="Bring it to L2"
        busy={step === undefined ? "Sending…" : DEPOSIT_STEPS[step]}
        error={sending.error}
        onSend={() => sending.mutate()}
      />
    </Section>
  );
}

function ToL1({ signer, balances, onDone }: { signer: Signer; balances: Balances; onDone: () => void }) {
  const connection = useConnection();
  const [text, setText] = useState("");
  const amount = parseOpen(text);
  const problem = amountProblem(amount, balances.l2);
  const sending = useMutation({
    mutationFn: () => withdrawToL1(connection, signer, amount!),
    onSuccess: () => setText(""),
    onSettled: onDone,
  });
  return (
    <Section
      title="Home to L1"
      note="One transaction here burns it; two on L1 follow, as the list below says."
    >
      <Way
        text={text}
        onText={setText}
        problem={text === "" ? undefined : problem}
        isReady={problem === undefined}
        isSending={sending.isPending}
        button="Send it home"
        busy="Burning it on L2…"
        error={sending.error}
        onSend={() => sending.mutate()}
      />
    </Section>
  );
}

interface WayProps {
  text: string;
  onText: (text: string) => void;
  problem: string | undefined;
  isReady: boolean;
  isSending: boolean;
  button: string;
  busy: string;
  error: Error | null;
  onSend: () => void;
}

function Way({ text, onText, problem, isReady, isSending, button, busy, error, onSend }: WayProps) {
  return (
    <Card>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) onSend();
        }}
      >
        <Field
          name="OPEN"
          inputMode="decimal"
          value={text}
          disabled={isSending}
          onChange={(event) => onText(event.target.value)}
          problem={problem}
          note="To the same address on the other chain."
        />
        <Button type="submit" kind="main" className="mt-3" disabled={!isReady || isSending}>
          {isSending ? busy : button}
        </Button>
      </form>
      {error === null ? null : (
        <div className="mt-3">
          <Problem error={error} />
        </div>
      )}
    </Card>
  );
}
