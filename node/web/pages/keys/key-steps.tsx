import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { limitKey, revokeKey } from "../../chain/keys.ts";
import type { Session } from "../../chain/session.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/states.tsx";
import { parseTokens } from "./new-key.tsx";

interface StepProps {
  session: Session;
  keyId: string;
  name: string;
  onChange: () => void;
}

/** What can be done with a key: another limit, its end after a second word. */
export function KeySteps(props: StepProps) {
  const [open, setOpen] = useState<"limit" | "revoke">();
  const close = () => setOpen(undefined);
  if (open === "limit") return <Limit {...props} onClose={close} />;
  if (open === "revoke") return <Revoke {...props} onClose={close} />;
  return (
    <div className="flex justify-end gap-1">
      <Button kind="quiet" aria-label={`Limit ${props.name}`} onClick={() => setOpen("limit")}>
        Limit
      </Button>
      <Button kind="quiet" aria-label={`Revoke ${props.name}`} onClick={() => setOpen("revoke")}>
        Revoke
      </Button>
    </div>
  );
}

function Limit({ session, keyId, name, onChange, onClose }: StepProps & { onClose: () => void }) {
  const [text, setText] = useState("");
  const dailyTokens = parseTokens(text);
  const limiting = useMutation({
    mutationFn: () => limitKey(session, keyId, dailyTokens ?? null),
    onSuccess: () => {
      onChange();
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (dailyTokens !== undefined) limiting.mutate();
  };
  return (
    <form onSubmit={submit} className="flex items-center justify-end gap-2">
      <input
        aria-label={`Tokens a day of ${name}`}
        inputMode="numeric"
        placeholder="no limit"
        value={text}
        onChange={(event) => setText(event.target.value)}
        aria-invalid={dailyTokens === undefined}
        className="w-28 rounded-md border border-line bg-page px-2 py-1.5 text-sm"
      />
      <Button type="submit" disabled={dailyTokens === undefined || limiting.isPending}>
        Set
      </Button>
      <Button kind="quiet" onClick={onClose}>
        Back
      </Button>
      {limiting.error === null ? null : <Problem error={limiting.error} />}
    </form>
  );
}

function Revoke({ session, keyId, onChange, onClose }: StepProps & { onClose: () => void }) {
  const revoking = useMutation({
    mutationFn: () => revokeKey(session, keyId),
    onSuccess: () => {
      onClose();
      onChange();
    },
  });
  return (
    <div className="flex items-center justify-end gap-2">
      <span className="text-xs text-soft">Programs that use it stop at once.</span>
      <Button disabled={revoking.isPending} onClick={() => revoking.mutate()}>
        Revoke it
      </Button>
      <Button kind="quiet" onClick={onClose}>
        Keep it
      </Button>
      {revoking.error === null ? null : <Problem error={revoking.error} />}
    </div>
  );
}
