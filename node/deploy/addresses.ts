import type { Address } from "../chain/types/primitives.ts";

/** Addresses that the L2 genesis gives out, beyond those in node/chain/constants.ts. */
export const WETH: Address = "0x4200000000000000000000000000000000000006";
export const L2_CROSS_DOMAIN_MESSENGER: Address = "0x4200000000000000000000000000000000000007";
export const L2_STANDARD_BRIDGE: Address = "0x4200000000000000000000000000000000000010";
export const MINTABLE_ERC20_FACTORY: Address = "0x4200000000000000000000000000000000000012";
export const L2_ERC721_BRIDGE: Address = "0x4200000000000000000000000000000000000014";
export const MINTABLE_ERC721_FACTORY: Address = "0x4200000000000000000000000000000000000017";
export const PROXY_ADMIN: Address = "0x4200000000000000000000000000000000000018";
export const NATIVE_ASSET_LIQUIDITY: Address = "0x4200000000000000000000000000000000000029";
export const LIQUIDITY_CONTROLLER: Address = "0x420000000000000000000000000000000000002a";
/** Same address on every chain. */
export const MULTICALL3: Address = "0xca11bde05977b3631167028862be2a173976ca11";

/** EIP-1967: `keccak256("eip1967.proxy.implementation") - 1` and `keccak256("eip1967.proxy.admin") - 1`. */
export const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
export const ADMIN_SLOT = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";

/** Wei of OPEN that exist. */
export const OPEN_SUPPLY = 10n ** 27n;
/** Accounts 0x00 to 0xff: genesis gives each 1 wei, so that no call ever creates or clears one. */
export const PRECOMPILE_COUNT = 256n;
