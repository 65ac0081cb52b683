import type { Address, Hex } from "../../chain/types/primitives.ts";

/** A payer's word that a host may have taken so much in all: the contracts' IPurses.Voucher. Only the largest counts. */
export interface Voucher {
  payer: Address;
  host: Address;
  /** Wei in all, of this and every earlier answer. */
  cumulative: bigint;
  /** Second until which the host can use it. */
  validUntil: bigint;
}

/** What a payer signs (EIP-712). @param epochs the contract that holds the purses */
export function voucherTypedData(chainId: number, epochs: Address, message: Voucher) {
  return {
    domain: { name: "OpenLedger purses", version: "1", chainId, verifyingContract: epochs },
    types: {
      Voucher: [
        { name: "payer", type: "address" },
        { name: "host", type: "address" },
        { name: "cumulative", type: "uint128" },
        { name: "validUntil", type: "uint64" },
      ],
    },
    primaryType: "Voucher",
    message,
  } as const;
}

/** Who signs vouchers. */
export interface VoucherSigner {
  address: Address;
  signTypedData(data: ReturnType<typeof voucherTypedData>): Promise<Hex>;
}

/** A payer's signature of a voucher. */
export function signVoucher(
  payer: VoucherSigner,
  chainId: number,
  epochs: Address,
  voucher: Omit<Voucher, "payer">,
): Promise<Hex> {
  const message = { payer: payer.address, ...voucher };
  return payer.signTypedData(voucherTypedData(chainId, epochs, message));
}
