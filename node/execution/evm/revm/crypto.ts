/** Native cryptography for the module: native/evm/README.md, "h_crypto". */

/** -2: not here, use the module's own; -3: the input is not valid. */
export type CryptoAnswer = number | { place: "short" | "long"; bytes: Uint8Array };

/** Runs an operation on bytes of the module's memory: valid during the call only. */
export type CryptoOperation = (operation: number, input: Uint8Array) => CryptoAnswer;

const ABSENT = -2;

/** Leaves all to the module. */
export const moduleCrypto: CryptoOperation = () => ABSENT;
