import { bytesToHex } from "../../node/base/bytes.ts";
import type { Attack, AttackResult, AttackSize } from "./attack.ts";
import { openGround } from "./ground.ts";
import { post } from "./post.ts";

const MIB = 1024 * 1024;
/** Bytes of one request: just under what a node takes. */
const PIECE = 4 * MIB;

/** Requests at once. */
const LANES = 4;

/** JSON that is nothing but opened lists, alone and as parameters: 64 MiB in all, in pieces that are not too large. */
export const nestedJsonAttack: Attack = {
  name: "nested-json",
  run: (size) =>
    flood(size, (bytes) => [
      "[".repeat(bytes),
      `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${"[".repeat(bytes - 100)}`,
      `${"[".repeat(bytes / 2)}${"]".repeat(bytes / 2)}`,
      `${'{"a":'.repeat(bytes / 8)}1${"}".repeat(bytes / 8)}`,
    ]),
};

/** Transactions that are lists in lists, as deep as their bytes allow. */
export const nestedRlpAttack: Attack = {
  name: "nested-rlp",
  run: (size) =>
    flood(size, (bytes) => [rawTransaction(bytes / 2 - 100), rawTransaction(131_000), rawTransaction(1_000)]),
};

function rawTransaction(length: number): string {
  const raw = bytesToHex(nestedLists(length));
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_sendRawTransaction", params: [raw] });
}

/** One list in the other, each header with its true length, until about `length` bytes are full. */
function nestedLists(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = length;
  while (at > 4) {
    const inside = length - at;
    const header =
      inside < 56
        ? [0xc0 + inside]
        : inside < 256
          ? [0xf8, inside]
          : inside < 65_536
            ? [0xf9, inside >> 8, inside & 255]
            : [0xfa, inside >> 16, (inside >> 8) & 255, inside & 255];
    at -= header.length;
    bytes.set(header, at);
  }
  return bytes.subarray(at);
}

async function flood(size: AttackSize, bodies: (bytes: number) => string[]): Promise<AttackResult> {
  const total = size === "full" ? 64 * MIB : 2 * MIB;
  const piece = size === "full" ? PIECE : MIB / 2;
  const ground = await openGround();
  try {
    const { result, facts, failures } = await ground.watched(size, async () => {
      const kinds = bodies(piece);
      let sent = 0;
      let accepted = 0;
      let unanswered = 0;
      const lane = async () => {
        for (let index = 0; sent < total; index++) {
          const body = kinds[index % kinds.length]!;
          sent += body.length;
          const answer = await post(ground.url, body);
          if (answer.text.includes('"result"')) accepted++;
          if (answer.status === 0) unanswered++;
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      return { sent, accepted, unanswered };
    });
    if (result.accepted > 0) failures.push(`${result.accepted} were taken`);
    if (result.unanswered > 0) failures.push(`${result.unanswered} got no answer at all`);
    return { facts: `${(result.sent / MIB).toFixed(1)} MiB sent; ${facts}`, failures };
  } finally {
    await ground.stop();
  }
}
