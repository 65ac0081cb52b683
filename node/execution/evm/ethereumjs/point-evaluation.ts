import { EVMError, type ExecResult, type PrecompileInput } from "@ethereumjs/evm";
import { bytesToBigInt, bytesToHex, computeVersionedHash, equalsBytes, hexToBytes } from "@ethereumjs/util";
import { bls12_381 } from "@noble/curves/bls12-381.js";

const GAS = 50_000n;
const INPUT_BYTES = 192;
const VERSIONED_HASH_VERSION = 1;
const { G1, G2, fields } = bls12_381;
/** Order of the groups, modulus of the field that z and y lie in. */
const ORDER = fields.Fr.ORDER;
/** tau·G2 of Ethereum's KZG ceremony: all that checking a proof needs of its output. */
const TAU_G2 = G2.Point.fromHex(
  "b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2",
);
/** FIELD_ELEMENTS_PER_BLOB and BLS_MODULUS, 32 bytes each. */
const OUTPUT = hexToBytes(`0x${4096n.toString(16).padStart(64, "0")}${ORDER.toString(16)}`);

type G1Point = typeof G1.Point.BASE;

/**
 * The precompile at 0x0a: does the polynomial committed to by `commitment` take the value y at z? Input: versioned hash 32,
 * z 32, y 32, commitment 48, proof 48. Everything but a right proof burns all gas. It needs one point of the trusted setup
 * only, so nothing is loaded when it is first used. Source: EIP-4844.
 */
export function pointEvaluation({ data, gasLimit }: PrecompileInput): ExecResult {
  if (gasLimit < GAS) return halt(gasLimit, EVMError.errorMessages.OUT_OF_GAS);
  if (data.length !== INPUT_BYTES) return halt(gasLimit, EVMError.errorMessages.INVALID_INPUT_LENGTH);
  const commitment = data.subarray(96, 144);
  const versionedHash = computeVersionedHash(bytesToHex(commitment), VERSIONED_HASH_VERSION);
  if (bytesToHex(data.subarray(0, 32)) !== versionedHash) {
    return halt(gasLimit, EVMError.errorMessages.INVALID_COMMITMENT);
  }
  const z = bytesToBigInt(data.subarray(32, 64));
  const y = bytesToBigInt(data.subarray(64, 96));
  const c = pointOf(commitment);
  const proof = pointOf(data.subarray(144));
  if (z >= ORDER || y >= ORDER || c === undefined || proof === undefined) {
    return halt(gasLimit, EVMError.errorMessages.INVALID_INPUTS);
  }
  if (!isProof(c, z, y, proof)) return halt(gasLimit, EVMError.errorMessages.INVALID_PROOF);
  return { executionGasUsed: GAS, returnValue: OUTPUT };
}

/**
 * A compressed point, infinity included. The library refuses points outside the subgroup, but takes infinity with stray
 * bits: encoding it again tells.
 */
function pointOf(bytes: Uint8Array): G1Point | undefined {
  try {
    const point = G1.Point.fromBytes(bytes);
    return equalsBytes(point.toBytes(), bytes) ? point : undefined;
  } catch {
    return undefined;
  }
}

/** e(C - y·G1, G2) = e(proof, tau·G2 - z·G2), written as e(C - y·G1 + z·proof, -G2) · e(proof, tau·G2) = 1. */
function isProof(c: G1Point, z: bigint, y: bigint, proof: G1Point): boolean {
  const left = c.subtract(times(G1.Point.BASE, y)).add(times(proof, z));
  const pairs = [
    { g1: left, g2: G2.Point.BASE.negate() },
    { g1: proof, g2: TAU_G2 },
  ].filter(({ g1 }) => !g1.is0());
  const { Fp12 } = fields;
  return pairs.length === 0 || Fp12.eql(bls12_381.pairingBatch(pairs), Fp12.ONE);
}

function times(point: G1Point, scalar: bigint): G1Point {
  return scalar === 0n || point.is0() ? G1.Point.ZERO : point.multiplyUnsafe(scalar);
}

function halt(gasLimit: bigint, reason: ConstructorParameters<typeof EVMError>[0]): ExecResult {
  return {
    returnValue: new Uint8Array(0),
    executionGasUsed: gasLimit,
    exceptionError: new EVMError(reason),
  };
}
