import { useMutation, useQueryClient } from "@tanstack/react-query";
import { LIVE } from "../chain/live-provider.tsx";
import { type Signer, useSigner } from "../chain/signer.ts";
import { requireSigner } from "../chain/transact.ts";
import { Button } from "../ui/button.tsx";
import { Problem } from "../ui/states.tsx";

/** Does something with the connected account; what is refused stands below the button. */
export function SendButton({
  label,
  kind,
  send,
  why,
  doing = "Sending…",
  onDone,
}: {
  label: string;
  kind?: "main" | "plain";
  send: (signer: Signer) => Promise<unknown>;
  /** Why it can't be done now; undefined where it can. */
  why?: string | undefined;
  /** On the button meanwhile. */
  doing?: string;
  onDone?: () => void;
}) {
  const signer = useSigner();
  const queries = useQueryClient();
  const sending = useMutation({
    mutationFn: () => send(requireSigner(signer)),
    // Some contracts' events make nothing stale by themselves: L1's, and those of agents' own accounts.
    onSuccess: () => {
      onDone?.();
      return queries.invalidateQueries({ queryKey: [LIVE] });
    },
  });
  const reason = why ?? (signer === undefined ? "Connect an account first." : undefined);
  return (
    <div className="min-w-0">
      <div className="flex flex-wrap items-center gap-3">
        <Button
          kind={kind}
          disabled={reason !== undefined || sending.isPending}
          onClick={() => sending.mutate()}
        >
          {sending.isPending ? doing : label}
        </Button>
        {reason === undefined ? null : <span className="text-sm text-soft">{reason}</span>}
      </div>
      {sending.error === null ? null : (
        <div className="mt-3">
          <Problem error={sending.error} />
        </div>
      )}
    </div>
  );
}
