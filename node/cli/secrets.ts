/** An epoch's id: more digits than a key has, and no letter among them. */
const EPOCH_ID = /^\s*[1-9]\d{64,67}\s*$/;

/** True for what may be a private key or a phrase of one, whole or with words or digits missing. Addresses and epochs' ids are none. */
export function looksSecret(text: string): boolean {
  if (EPOCH_ID.test(text)) return false;
  const digits = /^\s*(?:0x)?([0-9a-f]{32,})\s*$/i.exec(text)?.[1]?.length;
  return (digits !== undefined && digits !== 40) || /^\s*(?:[a-z]+\s+){10,}[a-z]+\s*$/i.test(text);
}

/**
 * `text` without the keys that were given to the program: nothing that it prints may hold one, however it was mistyped.
 * @param given the program's arguments and the values of its environment that may be keys; a salt is no secret
 */
export function withoutSecrets(text: string, given: readonly (string | undefined)[]): string {
  const values = given.filter((_, at) => given[at - 1] !== "--salt");
  const parts = values.flatMap((value) => [value, value?.slice(value.indexOf("=") + 1)]);
  return parts.reduce<string>((shown, part) => {
    if (part === undefined || !looksSecret(part)) return shown;
    return shown.replaceAll(part, "<hidden>").replaceAll(part.trim().replace(/^0x/i, ""), "<hidden>");
  }, text);
}
