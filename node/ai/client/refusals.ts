import { BaseError, decodeErrorResult, InsufficientFundsError, type Hex as ViemHex } from "viem";
import { CodedError } from "../../base/errors.ts";
import { ownErrorsAbi } from "../../chain/generated/abi.ts";
import { aiError } from "../errors.ts";
import { wordsOfRevert } from "./reverts.ts";

/** True if the transaction's nonce was taken by another transaction of the account, or is a repetition of one. */
export function isNonceTaken(cause: unknown): boolean {
  return /nonce too low|replacement (transaction|fee)|already known|already imported|underpriced.*replac/i.test(
    wholeText(cause),
  );
}

/** What a failed call or transaction of viem says, with the contract's error by name where there is one. */
export function asCodedError(cause: unknown): CodedError {
  if (cause instanceof CodedError) return cause;
  const data = revertData(cause);
  const decoded = data && decodeRevert(data);
  if (decoded) {
    const { name, args } = decoded;
    const words = wordsOfRevert(name, args);
    const refusal = `${name}(${args.map(String).join(", ")})`;
    return aiError("TRANSACTION_REVERTED", {
      message: words ? `${words.message} (${refusal})` : `the contract refuses: ${refusal}`,
      fix: words?.fix ?? "see the error's description in the contract's interface",
      facts: { error: name, args },
      // The node's own "reverted" says less than the contract's error.
    });
  }
  if (cause instanceof BaseError && cause.walk((error) => error instanceof InsufficientFundsError)) {
    return aiError("FUNDS_INSUFFICIENT", {
      message: "the account has too little OPEN for the amount and the gas",
      fix: "send it some with `openledger account transfer` or `openledger account deposit`",
    });
  }
  const text =
    cause instanceof BaseError ? `${cause.shortMessage} ${cause.details ?? ""}`.trim() : String(cause);
  return aiError("TRANSACTION_REFUSED", {
    message: `the node refuses the transaction: ${text}`,
    fix: "check the account's balance and the node's log",
    cause,
  });
}

function decodeRevert(data: ViemHex): { name: string; args: readonly unknown[] } | undefined {
  try {
    const { errorName, args } = decodeErrorResult({ abi: ownErrorsAbi, data });
    return { name: errorName, args: (args as readonly unknown[] | undefined) ?? [] };
  } catch {
    return undefined;
  }
}

function revertData(cause: unknown): ViemHex | undefined {
  for (let error: unknown = cause; error instanceof Error; error = error.cause) {
    const { data } = error as { data?: unknown };
    if (typeof data === "string" && /^0x[0-9a-f]{8,}$/i.test(data)) return data as ViemHex;
    const inner = (data as { data?: unknown } | undefined)?.data;
    if (typeof inner === "string" && /^0x[0-9a-f]{8,}$/i.test(inner)) return inner as ViemHex;
  }
  return undefined;
}

/** Messages of an error and of what caused it. */
function wholeText(cause: unknown): string {
  const texts: string[] = [];
  for (let error: unknown = cause; error instanceof Error; error = error.cause) {
    texts.push(error.message);
    if (error instanceof BaseError) texts.push(error.details);
  }
  return texts.join("\n");
}
