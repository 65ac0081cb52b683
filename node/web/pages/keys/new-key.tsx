import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { createKey } from "../../chain/keys.ts";
import type { Session } from "../../chain/session.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Card, Section } from "../../ui/layout.tsx";
import { Problem } from "../../ui/states.tsx";

/** Tokens as somebody types them: null for none given, undefined for what is no number. */
export function parseTokens(text: string): number | null | undefined {
  const plain = text.trim();
  if (plain === "") return null;
  return /^\d{1,15}$/.test(plain) ? Number(plain) : undefined;
}

/** Makes a key. */
export function NewKey({ session, onMade }: { session: Session; onMade: (key: string) => void }) {
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const dailyTokens = parseTokens(text);
  const making = useMutation({
    mutationFn: () => createKey(session, name.trim(), dailyTokens ?? null),
    onSuccess: ({ key }) => {
      setName("");
      setText("");
      onMade(key);
    },
  });
  const isReady = name.trim() !== "" && dailyTokens !== undefined && !making.isPending;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) making.mutate();
  };
  return (
    <Section title="New key">
      <Card>
        <form onSubmit={submit} className="grid items-start gap-4 sm:grid-cols-2">
          <Field
            name="Name"
            value={name}
            maxLength={64}
            onChange={(event) => setName(event.target.value)}
            note="Where it is used, for yourself."
          />
          <Field
            name="Tokens a day"
            value={text}
            inputMode="numeric"
            onChange={(event) => setText(event.target.value)}
            problem={dailyTokens === undefined ? "Give a whole number, or nothing." : undefined}
            note="Of questions and answers together. Empty: as many as your account may."
          />
          <div>
            <Button type="submit" kind="main" disabled={!isReady}>
              {making.isPending ? "Making it…" : "Make a key"}
            </Button>
          </div>
        </form>
        {making.error === null ? null : (
          <div className="mt-3">
            <Problem error={making.error} />
          </div>
        )}
      </Card>
    </Section>
  );
}
