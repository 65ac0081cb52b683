import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Receipt } from "../../../ai/receipt/receipt.ts";
import { fetchAnswer } from "../../chain/ask.ts";
import { useProtocol } from "../../chain/connection.tsx";
import { storyQuery } from "../../chain/queries.ts";
import { secretOf } from "../../chain/secrets.ts";
import { Card } from "../../ui/layout.tsx";
import { Problem } from "../../ui/states.tsx";

/** Shows the host what was asked here, and hands its answer over with the receipt. */
export function Asking({
  requestId,
  onReceipt,
}: {
  requestId: bigint;
  onReceipt: (receipt: Receipt) => void;
}) {
  const protocol = useProtocol();
  const queries = useQueryClient();
  const asking = useMutation({
    mutationFn: async () => {
      const { request } = await queries.fetchQuery(storyQuery(protocol, requestId));
      const secret = secretOf(protocol.genesis, request.requestHash);
      return secret && fetchAnswer(protocol, requestId, secret);
    },
    onSuccess: (receipt) => receipt && onReceipt(receipt),
  });
  const { mutate } = asking;
  useEffect(() => mutate(), [mutate]);
  if (asking.error !== null) return <Problem error={asking.error} onRetry={() => mutate()} />;
  return (
    <Card>
      <p role="status" className="flex items-center gap-3">
        <span
          aria-hidden
          className="size-4 animate-spin rounded-full border-2 border-accent border-t-transparent"
        />
        The request is paid. Its host computes the answer, works out whose rows made it, and posts its claim.
      </p>
    </Card>
  );
}
