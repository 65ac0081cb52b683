import { chainError } from "./errors.ts";

/** Ecotone's two fee scalars. */
export interface FeeScalars {
  baseFeeScalar: number;
  blobBaseFeeScalar: number;
}

const U32 = 0xffff_ffffn;
const VERSION_SHIFT = 248n;

/**
 * The scalars in SystemConfig's 32-byte word. Source: op-service `DecodeScalar`.
 * Version 0 with anything above 32 bits saturates, as op-node does.
 * @throws CodedError `FEE_SCALAR_INVALID` on an unknown version.
 */
export function decodeFeeScalars(scalar: bigint): FeeScalars {
  const version = scalar >> VERSION_SHIFT;
  if (version === 0n) {
    if (scalar > U32) return { baseFeeScalar: Number(U32), blobBaseFeeScalar: 0 };
    return { baseFeeScalar: Number(scalar), blobBaseFeeScalar: 0 };
  }
  if (version === 1n) {
    return { baseFeeScalar: Number(scalar & U32), blobBaseFeeScalar: Number((scalar >> 32n) & U32) };
  }
  throw chainError("FEE_SCALAR_INVALID", {
    message: `Fee scalar has unknown version ${version}.`,
    fix: "Set version 0 or 1 in SystemConfig.",
    facts: { scalar },
  });
}

/** Version 1 word of two scalars. */
export function encodeFeeScalars(scalars: FeeScalars): bigint {
  return (1n << VERSION_SHIFT) | (BigInt(scalars.blobBaseFeeScalar) << 32n) | BigInt(scalars.baseFeeScalar);
}

/** After Ecotone a ConfigUpdate with another scalar than these is ignored: known version, clean padding. */
export function isEcotoneScalar(scalar: bigint): boolean {
  const version = scalar >> VERSION_SHIFT;
  const body = scalar & ((1n << VERSION_SHIFT) - 1n);
  if (version === 0n) return body <= U32;
  return version === 1n && body <= 0xffff_ffff_ffff_ffffn;
}
