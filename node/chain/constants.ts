import type { Address, Hash } from "./types/primitives.ts";

/** Predeploys and accounts that consensus reads or writes. Source: OP Stack specs, predeploys. */
export const L1_ATTRIBUTES_DEPOSITOR: Address = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001";
export const GAS_PRICE_ORACLE: Address = "0x420000000000000000000000000000000000000f";
export const SEQUENCER_FEE_VAULT: Address = "0x4200000000000000000000000000000000000011";
export const L1_BLOCK: Address = "0x4200000000000000000000000000000000000015";
export const L2_TO_L1_MESSAGE_PASSER: Address = "0x4200000000000000000000000000000000000016";
export const BASE_FEE_VAULT: Address = "0x4200000000000000000000000000000000000019";
export const L1_FEE_VAULT: Address = "0x420000000000000000000000000000000000001a";
export const OPERATOR_FEE_VAULT: Address = "0x420000000000000000000000000000000000001b";

/** Ours: mints OPEN that the bridge on L1 locked, and burns what goes home. */
export const OPEN_MINTER: Address = "0x4200000000000000000000000000000000000700";

/** EIP-4788 and EIP-2935 contracts and the caller of their system calls. */
export const BEACON_ROOTS: Address = "0x000f3df6d732807ef1319fb7b8bb8522d0beac02";
export const HISTORY_STORAGE: Address = "0x0000f90827f1c53a10cb7a02335b175320002935";
export const SYSTEM_CALLER: Address = "0xfffffffffffffffffffffffffffffffffffffffe";

/** Whose code Canyon puts into the state. */
export const CREATE2_DEPLOYER: Address = "0x13b0d85ccb8bf860b6b79af3029fca081ae9bef2";

export const ZERO_ADDRESS: Address = "0x0000000000000000000000000000000000000000";
export const ZERO_HASH: Hash = "0x0000000000000000000000000000000000000000000000000000000000000000";
/** Root of a trie without entries. */
export const EMPTY_ROOT: Hash = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
/** Keccak of no bytes. */
export const EMPTY_CODE_HASH: Hash = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
/** Keccak of the RLP of an empty list. */
export const EMPTY_UNCLES: Hash = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
/** EIP-7685 hash of no requests: SHA-256 of no bytes. */
export const EMPTY_REQUESTS: Hash = "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
