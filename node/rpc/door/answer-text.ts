/** Answers as text; an id goes back as it came. */

/** What a method gave: its result or its error object, as JSON. */
export interface MethodAnswer {
  text: string;
  isError: boolean;
}

/** An error object as JSON. */
export function errorText(code: number, message: string, data?: unknown): string {
  return JSON.stringify({ code, message, ...(data !== undefined && { data }) });
}

export function answerText(id: string | undefined, { text, isError }: MethodAnswer): string {
  return `{"jsonrpc":"2.0","id":${id ?? "null"},"${isError ? "error" : "result"}":${text}}`;
}

export function failureText(id: string | undefined, code: number, message: string, data?: unknown): string {
  return answerText(id, { text: errorText(code, message, data), isError: true });
}

/** One event of a subscription. */
export function noticeText(subscription: string, result: string): string {
  return `{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"${subscription}","result":${result}}}`;
}
