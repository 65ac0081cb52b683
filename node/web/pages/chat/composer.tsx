import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type KeyboardEvent, type ReactNode, useState } from "react";
import type { RegisteredModel } from "../../../ai/client/models.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import type { ChatModel } from "../../chain/chat.ts";
import type { Access, Asked, ChatThread } from "../../chain/chat-thread.ts";
import { Button } from "../../ui/button.tsx";
import { SelectField, TextArea } from "../../ui/field.tsx";
import { formatCount } from "../../ui/format.ts";
import { Card } from "../../ui/layout.tsx";
import { Problem } from "../../ui/states.tsx";
import { PayLine } from "./pay-line.tsx";
import { type Way, WayField, whyNotAsk, whyNotPay } from "./way.tsx";

/** UTF-16 units of a question: what the node takes to count. */
const MOST_QUESTION = 60_000;

interface ComposerProps {
  thread: ChatThread;
  models: readonly ChatModel[];
  /** The chain's models by their number. */
  registered: ReadonlyMap<bigint, RegisteredModel>;
  /** The account that answers on this node; undefined where none does. */
  host: Address | undefined;
  access: Access | undefined;
  /** An answer comes. */
  isBusy: boolean;
}

/** A question, whom it is asked, and how it is paid. */
export function Composer(props: ComposerProps) {
  const { thread, models, registered, host, access } = props;
  const [text, setText] = useState("");
  const [choice, setChoice] = useState<Choice>({ model: undefined, way: "free", withBefore: false });
  const model = models.find(({ id }) => id === choice.model) ?? models[0];
  const ofChain = model?.modelId === undefined ? undefined : registered.get(model.modelId);
  const way = access === undefined && choice.way === "free" ? "paid" : choice.way;
  const said = thread.said().length;
  const asked: Asked = {
    question: text.trim(),
    model: model?.id ?? "",
    name: model?.name ?? "",
    withBefore: choice.withBefore && said > 0,
  };
  const asking = useMutation({ mutationFn: (from: Access) => thread.ask(asked, from) });
  const reason =
    whyNotAsk({ question: asked.question, model, isBusy: props.isBusy }) ??
    (way === "free" ? undefined : whyNotPay(ofChain, host));
  const ask = () => {
    if (reason !== undefined || way !== "free" || access === undefined) return;
    asking.mutate(access);
    setText("");
  };
  return (
    <Card>
      <AskBox text={text} onChange={setText} onAsk={ask} hasButton={way === "free"} reason={reason}>
        <Choices
          models={models}
          choice={{ model: model?.id, way, withBefore: asked.withBefore }}
          onChange={(change) => setChoice({ ...choice, ...change })}
          hasKey={access !== undefined}
          said={said}
        />
      </AskBox>
      {way !== "free" && reason === undefined && ofChain !== undefined && host !== undefined ? (
        <PayLine
          key={`${asked.model} ${way}`}
          isOfPurse={way === "purse"}
          thread={thread}
          asked={asked}
          model={ofChain}
          host={host}
          onPaid={() => setText("")}
        />
      ) : null}
      {asking.error === null ? null : (
        <div className="mt-4">
          <Problem error={asking.error} />
        </div>
      )}
    </Card>
  );
}

interface Choice {
  /** Its name in `/v1/models`; undefined for the first of the list. */
  model: string | undefined;
  way: Way;
  withBefore: boolean;
}

function Choices({
  models,
  choice: { model, way, withBefore },
  onChange,
  hasKey,
  said,
}: {
  models: readonly ChatModel[];
  choice: Choice;
  onChange: (change: Partial<Choice>) => void;
  hasKey: boolean;
  /** Messages so far. */
  said: number;
}) {
  return (
    <>
      <SelectField
        name="Model"
        value={model ?? ""}
        onChange={(event) => onChange({ model: event.target.value })}
        note="An adapter with its base, or a base model by itself."
      >
        {models.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      <WayField way={way} onChange={(next) => onChange({ way: next })} hasKey={hasKey} />
      <label className="flex items-center gap-2 text-sm">
        <input
          type="checkbox"
          className="accent-accent"
          checked={withBefore}
          disabled={said === 0}
          onChange={(event) => onChange({ withBefore: event.target.checked })}
        />
        With what was said before ({formatCount(said)} messages). Else it is asked by itself.
      </label>
    </>
  );
}

interface AskBoxProps {
  text: string;
  onChange: (text: string) => void;
  onAsk: () => void;
  /** Else another one asks. */
  hasButton: boolean;
  /** Why it can't be asked now. */
  reason: string | undefined;
  children: ReactNode;
}

function AskBox({ text, onChange, onAsk, hasButton, reason, children }: AskBoxProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAsk();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    onAsk();
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextArea
        name="Your question"
        rows={3}
        value={text}
        maxLength={MOST_QUESTION}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
        note="Enter asks, Shift and Enter begin a new line."
      />
      {children}
      <div className="flex flex-wrap items-center gap-3">
        {hasButton ? (
          <Button type="submit" kind="main" disabled={reason !== undefined}>
            Ask
          </Button>
        ) : null}
        {reason === undefined ? null : <span className="text-sm text-soft">{reason}</span>}
      </div>
    </form>
  );
}
