import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Withdrawal, WithdrawalState } from "../../ai/client/withdrawals.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { depositsOf, type L1Side, stepWithdrawal, withdrawalsOfAccount } from "../chain/bridge.ts";
import { useConnection } from "../chain/connection.tsx";
import { LIVE, useLive } from "../chain/live-provider.tsx";
import type { Signer } from "../chain/signer.ts";
import { Button } from "../ui/button.tsx";
import { Amount, Hex } from "../ui/exact.tsx";
import { formatDuration } from "../ui/format.ts";
import { Badge, Cell, Section, Table, type Tone } from "../ui/layout.tsx";
import { Empty, Loaded, Problem } from "../ui/states.tsx";

/** Blocks between two looks: the chains move these lists, not the account alone. */
const EVERY = 2n;

function useKey(what: string, account: string) {
  const { head } = useLive();
  return [LIVE, "bridge", what, account, head === undefined ? "" : (head.number / EVERY).toString()];
}

/** What came from L1, and what is on its way. */
export function Deposits({ account, l1 }: { account: Address; l1: L1Side }) {
  const connection = useConnection();
  const query = useQuery({
    queryKey: useKey("deposits", account),
    queryFn: () => depositsOf(connection, l1, account),
    placeholderData: (before) => before,
  });
  return (
    <Section title="Deposits">
      <Loaded query={query} what="the deposits" lines={3}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="This account has brought nothing to L2." />
          ) : (
            <Table caption="Deposits" head={["Amount", "On L1", "On L2"]}>
              {list.map(({ l1Transaction, l1Block, amount, l2Transaction, l2Block }) => (
                <tr key={l1Transaction}>
                  <Cell>
                    <Amount wei={amount} />
                  </Cell>
                  <Cell>
                    block {l1Block.toString()} <Hex hex={l1Transaction} what="transaction on L1" />
                  </Cell>
                  <Cell>
                    {l2Block === undefined ? (
                      <Badge tone="warn">on its way: L2 reads L1 some blocks late</Badge>
                    ) : (
                      <Link
                        to="/explorer/tx/$hash"
                        params={{ hash: l2Transaction }}
                        className="text-accent hover:underline"
                      >
                        arrived in block {l2Block.toString()}
                      </Link>
                    )}
                  </Cell>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  );
}

const STATES: Record<WithdrawalState, readonly [tone: Tone, text: string]> = {
  "no output": ["warn", "1 of 4: burnt here; L1 waits for an output of its block"],
  provable: ["accent", "2 of 4: it can be proved on L1"],
  proved: ["warn", "3 of 4: proved; its output is not final yet"],
  finalizable: ["accent", "4 of 4: its output is final"],
  failed: ["bad", "the transfer on L1 failed; it can be given again"],
  home: ["good", "home: L1 gave it out"],
};

/** Where a withdrawal stands, in words. */
export function WithdrawalBadge({ withdrawal: { state } }: { withdrawal: Pick<Withdrawal, "state"> }) {
  const [tone, text] = STATES[state];
  return <Badge tone={tone}>{text}</Badge>;
}

const NEXT: Partial<Record<WithdrawalState, string>> = {
  provable: "Prove it on L1",
  finalizable: "Give it out on L1",
  failed: "Give it out again",
};

/** The next step of a withdrawal as a button, or when there is one. Anybody may take it. */
export function WithdrawalStep({
  withdrawal,
  l1,
  signer,
  onDone,
}: {
  withdrawal: Withdrawal;
  l1: L1Side;
  signer: Signer | undefined;
  onDone: () => void;
}) {
  const connection = useConnection();
  const stepping = useMutation({
    mutationFn: () => stepWithdrawal(connection, l1, signer!, withdrawal),
    onSettled: onDone,
  });
  const next = NEXT[withdrawal.state];
  if (next === undefined)
    return withdrawal.seconds > 0n ? (
      <span className="text-soft">in about {formatDuration(Number(withdrawal.seconds))}</span>
    ) : null;
  return (
    <>
      <Button disabled={signer === undefined || stepping.isPending} onClick={() => stepping.mutate()}>
        {stepping.isPending ? "On L1…" : signer === undefined ? `${next}: connect an account` : next}
      </Button>
      {stepping.error === null ? null : (
        <div className="mt-2 min-w-64">
          <Problem error={stepping.error} />
        </div>
      )}
    </>
  );
}

/** What goes home, each with its next step. */
export function Withdrawals({ signer, l1 }: { signer: Signer; l1: L1Side }) {
  const connection = useConnection();
  const query = useQuery({
    queryKey: useKey("withdrawals", signer.address),
    queryFn: () => withdrawalsOfAccount(connection, l1, signer.address),
    placeholderData: (before) => before,
  });
  return (
    <Section
      title="Withdrawals"
      note="Each step may be taken whenever its time has come, from any machine, by anybody; nothing is lost by waiting."
    >
      <Loaded query={query} what="the withdrawals" lines={3}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="This account has sent nothing home." />
          ) : (
            <Table caption="Withdrawals" head={["Amount", "On L2", "State", "Next"]}>
              {list.map((withdrawal) => (
                <tr key={withdrawal.transaction}>
                  <Cell>
                    <Amount wei={withdrawal.amount} />
                  </Cell>
                  <Cell>
                    <Link
                      to="/explorer/tx/$hash"
                      params={{ hash: withdrawal.transaction }}
                      className="text-accent hover:underline"
                    >
                      block {withdrawal.block.toString()}
                    </Link>
                  </Cell>
                  <Cell>
                    <WithdrawalBadge withdrawal={withdrawal} />
                  </Cell>
                  <Cell>
                    <WithdrawalStep
                      withdrawal={withdrawal}
                      l1={l1}
                      signer={signer}
                      onDone={() => void query.refetch()}
                    />
                  </Cell>
                </tr>
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  );
}
