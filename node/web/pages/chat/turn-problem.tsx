import { useMutation } from "@tanstack/react-query";
import { CodedError } from "../../../base/errors.ts";
import type { Access, ChatThread, Turn } from "../../chain/chat-thread.ts";
import { Button } from "../../ui/button.tsx";
import { Problem } from "../../ui/states.tsx";

/** Why an answer did not come, and what can be done: nothing is cut unasked. */
export function TurnProblem({
  thread,
  turn,
  access,
}: {
  thread: ChatThread;
  turn: Turn;
  /** Undefined where there is no key: then it can't be asked again. */
  access: Access | undefined;
}) {
  const { id, error, question, model, name, withBefore } = turn;
  const asking = useMutation({
    mutationFn: (again: Access) => thread.ask({ question, model, name, withBefore: false }, again),
  });
  if (error === undefined) return null;
  const { code, message, fix } = error;
  const isTooLong = code === "CONTEXT_LENGTH_EXCEEDED";
  const retry = access && !isTooLong ? () => void thread.retry(id, access) : undefined;
  return (
    <div className="space-y-2">
      <Problem error={new CodedError(code, "temporary", { message, fix })} onRetry={retry} />
      {isTooLong && withBefore && access !== undefined ? (
        <Button onClick={() => asking.mutate(access)}>Ask it by itself</Button>
      ) : null}
      {asking.error === null ? null : <Problem error={asking.error} />}
    </div>
  );
}
