import { CRYPTO_NOT_AVAILABLE, cryptoOperation, keccak256 } from "../../../../native/js/crypto.ts";

/**
 * An answer of the module's `h_crypto` (native/evm/README.md): bytes that go where it asked, bytes of any length, or a number:
 * -2 leaves the operation to the module's own code, -3 says that the input is invalid.
 */
export type CryptoAnswer = number | { place: "short" | "long"; bytes: Uint8Array };

/** Runs an operation on bytes of the module's memory: valid during the call only. */
export type CryptoOperation = (operation: number, input: Uint8Array) => CryptoAnswer;

const KECCAK = 2;
const MODEXP = 5;
/** The longest answer that has a place of its own. */
const SHORT_BYTES = 192;
const LENGTHS_BYTES = 12;

/**
 * The node's native code for what is slow in WebAssembly for its gas: curves, modular exponentiation, long hashes. Where this
 * machine lacks an operation, the module does it.
 */
export function nativeCrypto(): CryptoOperation {
  const short = new Uint8Array(SHORT_BYTES);
  return (operation, input) => {
    if (operation === KECCAK) return { place: "short", bytes: keccak256(input) };
    const isLong = operation === MODEXP;
    const output = isLong ? new Uint8Array(modulusLength(input)) : short;
    const written = cryptoOperation(operation, input, output);
    if (written < 0) return written;
    return isLong ? { place: "long", bytes: output } : { place: "short", bytes: output.subarray(0, written) };
  };
}

/** u32 lengths of base, exponent and modulus come first. */
function modulusLength(input: Uint8Array): number {
  return new DataView(input.buffer, input.byteOffset, LENGTHS_BYTES).getUint32(8, true);
}

/** Leaves all to the module: for comparing, and where the addon can't be loaded. */
export const moduleCrypto: CryptoOperation = () => CRYPTO_NOT_AVAILABLE;
