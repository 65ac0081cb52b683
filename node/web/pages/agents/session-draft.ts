/** A limit as it is typed. */
export interface LimitDraft {
  token: string;
  perCall: string;
  perDay: string;
}

/** A call as it is typed; `fixed` as `name = value, name = value`. */
export interface CallDraft {
  target: string;
  text: string;
  maxValue: string;
  fixed: string;
}

/** A session as it is typed. */
export interface SessionDraft {
  key: string;
  hours: string;
  limits: readonly LimitDraft[];
  calls: readonly CallDraft[];
}

export const NO_LIMIT: LimitDraft = { token: "", perCall: "", perDay: "" };
export const NO_CALL: CallDraft = { target: "", text: "", maxValue: "0", fixed: "" };
export const NEW_SESSION: SessionDraft = {
  key: "",
  hours: "24",
  limits: [{ token: "open", perCall: "1", perDay: "5" }],
  calls: [NO_CALL],
};

/** The session's file of what was typed, for `parseSession` to judge. */
export function sourceOf({ hours, limits, calls }: SessionDraft): string {
  const file = {
    hours: /^\d{1,6}$/.test(hours.trim()) ? Number(hours) : hours,
    limits: limits.map(({ token, perCall, perDay }) => ({
      ...{ token: token.trim(), perCall: perCall.trim(), perDay: perDay.trim() },
    })),
    calls: calls.map(({ target, text, maxValue, fixed }) => ({
      ...{ target: target.trim(), function: text.trim(), maxValue: maxValue.trim() },
      fixed: fixedOf(fixed),
    })),
  };
  return JSON.stringify(file, undefined, 2);
}

function fixedOf(text: string): Record<string, string> {
  const parts = text.split(",").filter((part) => part.trim() !== "");
  // A part without a sign names an argument that no function has, and is refused as one.
  return Object.fromEntries(
    parts.map((part) => {
      const [name = "", ...rest] = part.split("=");
      return [name.trim(), rest.join("=").trim()];
    }),
  );
}
