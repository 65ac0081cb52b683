import { z } from "zod";
import { PART_BYTES } from "../../chain/content-parts.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import type { ContentStore } from "../../store/content/content-store.ts";
import { bytesOfHex, hexOfBytes } from "../codec/hash.ts";
import { parseParams } from "../params.ts";
import type { Uploads } from "./upload.ts";

/** One JSON-RPC method: positional parameters in, a JSON value out; a CodedError becomes an error with its code. */
export type AiRpcMethod = (params: readonly unknown[]) => unknown;

const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/, "must be 0x and 64 lower-case hexadecimal digits")
  .transform((text) => text as Hash);
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "must be 0x and 40 hexadecimal digits")
  .transform((text) => text.toLowerCase() as Address);
const size = z.number().int().nonnegative();
const signature = z
  .string()
  .regex(/^0x[0-9a-fA-F]{130}$/, "must be 0x and 130 hexadecimal digits")
  .transform((text) => text as Hex);
const data = z
  .string()
  .max(2 + 2 * PART_BYTES, `must have at most ${PART_BYTES} bytes`)
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/, "must be hexadecimal bytes, two digits each")
  .transform((text) => bytesOfHex(text as Hex));

const opening = z.strictObject({
  ...{ hash, total: size, sender: address.optional() },
  ...{ expires: size.optional(), signature: signature.optional() },
});
const part = z.strictObject({
  ...{ hash, total: size, sender: address.optional() },
  ...{ offset: size, data, state: hash.optional() },
});

/**
 * Contents by hash:
 * - `openledger_getContent(hash, offset?, length?)`: `{data, total, state?}`; with the state of SHA-256 before a part of 512 KiB that part is
 *   checked alone (chain/content-parts.ts);
 * - `openledger_hasContent(hash)`;
 * - `openledger_openUpload({hash, total, sender?, expires?, signature?})`: `{here, from}`, room for a content by its sender's signature
 *   (content/upload-order.ts); without one where it is here already or the chain names it;
 * - `openledger_putContent({hash, total, sender?, offset, data, state?})`: `{here, from}`, the parts from the last to the first;
 * - `openledger_uploadQuota(account)`: `{quota, held}` in bytes.
 */
export function contentMethods(store: ContentStore, uploads: Uploads): Readonly<Record<string, AiRpcMethod>> {
  return {
    openledger_getContent: async (params) => {
      const [id, offset, length] = parseParams(
        z.tuple([hash, size.default(0), size.default(PART_BYTES)]),
        params,
      );
      const { bytes, total } = await store.readContent(id, offset, length);
      const isPart = offset > 0 && offset < total && offset % PART_BYTES === 0;
      return {
        data: hexOfBytes(bytes),
        total,
        ...(isPart && { state: await store.stateBefore(id, offset) }),
      };
    },
    openledger_hasContent: async (params) => {
      const [id] = parseParams(z.tuple([hash]), params);
      return (await store.contentSize(id)) !== undefined;
    },
    openledger_openUpload: (params) => uploads.open(parseParams(z.tuple([opening]), params)[0]),
    openledger_putContent: (params) => {
      const [{ data: bytes, ...rest }] = parseParams(z.tuple([part]), params);
      return uploads.put({ ...rest, bytes });
    },
    openledger_uploadQuota: (params) => uploads.quota(parseParams(z.tuple([address]), params)[0]),
  };
}
