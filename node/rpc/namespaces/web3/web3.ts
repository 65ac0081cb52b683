import { bytesToHex } from "../../../base/bytes.ts";
import { keccak256 } from "../../../chain/crypto.ts";
import { dataParam } from "../../params.ts";
import type { RpcMethods } from "../../types.ts";

/** The program's name and version, and its hash function. */
export function web3Methods(version: string): RpcMethods {
  return {
    web3_clientVersion: () => version,
    web3_sha3: (params) => bytesToHex(keccak256(dataParam(params[0], 0))),
  };
}
