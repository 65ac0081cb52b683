//! The precompiles' cryptography: the host's faster code first, op-revm's own where the host has none.

use std::cell::Cell;

use revm::{
    precompile::{
        bls12_381::{G1Point, G1PointScalar, G2Point, G2PointScalar},
        install_crypto, Crypto, DefaultCrypto, PrecompileHalt,
    },
    primitives::{uint, Address, B256, U256},
};

use crate::host::{self, CryptoAnswer, HostFailed, CRYPTO_OUT};

const ECRECOVER: u32 = 1;
const MODEXP: u32 = 5;
const BN254_ADD: u32 = 6;
const BN254_MUL: u32 = 7;
const BN254_PAIRING: u32 = 8;
const KZG: u32 = 10;
const BLS_G1_ADD: u32 = 11;
const BLS_G1_MSM: u32 = 12;
const BLS_G2_ADD: u32 = 13;
const BLS_G2_MSM: u32 = 14;
const BLS_PAIRING: u32 = 15;
const BLS_MAP_G1: u32 = 16;
const BLS_MAP_G2: u32 = 17;
const P256: u32 = 0x100;

/// Half the order of secp256k1: EIP-2 allows no higher s.
const HALF_ORDER: U256 = uint!(0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0_U256);

thread_local! {
    /// The trait has no way to say that the host failed: [`take_failure`] asks after the precompile.
    static FAILURE: Cell<Option<HostFailed>> = const { Cell::new(None) };
}

pub fn take_failure() -> Result<(), HostFailed> {
    FAILURE.take().map_or(Ok(()), Err)
}

fn failed(failure: HostFailed) -> PrecompileHalt {
    FAILURE.set(Some(failure));
    PrecompileHalt::other_static("the host failed")
}

/// Asks the host; none where it has no code for the operation.
fn ask(operation: u32, input: &[u8]) -> Option<Result<([u8; CRYPTO_OUT], usize, Vec<u8>), PrecompileHalt>> {
    let mut out = [0u8; CRYPTO_OUT];
    match host::crypto(operation, input, &mut out) {
        Ok(CryptoAnswer::Done(written, long)) => Some(Ok((out, written, long))),
        Ok(CryptoAnswer::Absent) => None,
        Ok(CryptoAnswer::Invalid) => Some(Err(PrecompileHalt::other_static("invalid input"))),
        Err(failure) => Some(Err(failed(failure))),
    }
}

/// An operation with an answer of a fixed length.
fn fixed<const N: usize>(operation: u32, input: &[u8]) -> Option<Result<[u8; N], PrecompileHalt>> {
    Some(ask(operation, input)?.and_then(|(out, written, _)| match written == N {
        true => Ok(out[..N].try_into().expect("N bytes")),
        false => Err(failed(HostFailed("crypto answer of a wrong length"))),
    }))
}

/// An operation that answers yes or no.
fn verdict(operation: u32, input: &[u8]) -> Option<Result<bool, PrecompileHalt>> {
    Some(fixed::<1>(operation, input)?.map(|[answer]| answer == 1))
}

fn g1(point: &G1Point) -> Vec<u8> {
    [point.0, point.1].concat()
}

fn g2(point: &G2Point) -> Vec<u8> {
    [point.0, point.1, point.2, point.3].concat()
}

#[derive(Debug)]
struct HostCrypto;

/// Puts the host's cryptography in place, once an instance.
pub fn install() {
    install_crypto(HostCrypto);
}

impl Crypto for HostCrypto {
    fn bn254_g1_add(&self, p1: &[u8], p2: &[u8]) -> Result<[u8; 64], PrecompileHalt> {
        fixed(BN254_ADD, &[p1, p2].concat()).unwrap_or_else(|| DefaultCrypto.bn254_g1_add(p1, p2))
    }

    fn bn254_g1_mul(&self, point: &[u8], scalar: &[u8]) -> Result<[u8; 64], PrecompileHalt> {
        fixed(BN254_MUL, &[point, scalar].concat())
            .unwrap_or_else(|| DefaultCrypto.bn254_g1_mul(point, scalar))
    }

    fn bn254_pairing_check(&self, pairs: &[(&[u8], &[u8])]) -> Result<bool, PrecompileHalt> {
        let input: Vec<u8> = pairs.iter().flat_map(|(a, b)| [*a, *b].concat()).collect();
        verdict(BN254_PAIRING, &input).unwrap_or_else(|| DefaultCrypto.bn254_pairing_check(pairs))
    }

    fn secp256k1_ecrecover(
        &self,
        sig: &[u8; 64],
        recid: u8,
        msg: &[u8; 32],
    ) -> Result<[u8; 32], PrecompileHalt> {
        fixed(ECRECOVER, &[&sig[..], &[recid], msg].concat())
            .unwrap_or_else(|| DefaultCrypto.secp256k1_ecrecover(sig, recid, msg))
    }

    fn modexp(&self, base: &[u8], exp: &[u8], modulus: &[u8]) -> Result<Vec<u8>, PrecompileHalt> {
        let lengths = [base, exp, modulus].map(|part| (part.len() as u32).to_le_bytes()).concat();
        match ask(MODEXP, &[&lengths, base, exp, modulus].concat()) {
            None => DefaultCrypto.modexp(base, exp, modulus),
            Some(Ok((_, 0, long))) if long.len() == modulus.len() => Ok(long),
            // Modular exponentiation has no invalid input.
            Some(_) => Err(failed(HostFailed("modexp"))),
        }
    }

    fn secp256r1_verify_signature(&self, msg: &[u8; 32], sig: &[u8; 64], pk: &[u8; 64]) -> bool {
        match verdict(P256, &[&msg[..], sig, pk].concat()) {
            None => DefaultCrypto.secp256r1_verify_signature(msg, sig, pk),
            // What is invalid does not verify.
            Some(answer) => answer.unwrap_or(false),
        }
    }

    fn verify_kzg_proof(
        &self,
        z: &[u8; 32],
        y: &[u8; 32],
        commitment: &[u8; 48],
        proof: &[u8; 48],
    ) -> Result<(), PrecompileHalt> {
        match verdict(KZG, &[&z[..], y, commitment, proof].concat()) {
            None => DefaultCrypto.verify_kzg_proof(z, y, commitment, proof),
            Some(Ok(true)) => Ok(()),
            Some(Ok(false)) => Err(PrecompileHalt::BlobVerifyKzgProofFailed),
            Some(Err(halt)) => Err(halt),
        }
    }

    fn bls12_381_g1_add(&self, a: G1Point, b: G1Point) -> Result<[u8; 96], PrecompileHalt> {
        fixed(BLS_G1_ADD, &[g1(&a), g1(&b)].concat()).unwrap_or_else(|| DefaultCrypto.bls12_381_g1_add(a, b))
    }

    fn bls12_381_g1_msm(
        &self,
        pairs: &mut dyn Iterator<Item = Result<G1PointScalar, PrecompileHalt>>,
    ) -> Result<[u8; 96], PrecompileHalt> {
        let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
        let input: Vec<u8> =
            pairs.iter().flat_map(|(point, scalar)| [&g1(point), &scalar[..]].concat()).collect();
        fixed(BLS_G1_MSM, &input)
            .unwrap_or_else(|| DefaultCrypto.bls12_381_g1_msm(&mut pairs.into_iter().map(Ok)))
    }

    fn bls12_381_g2_add(&self, a: G2Point, b: G2Point) -> Result<[u8; 192], PrecompileHalt> {
        fixed(BLS_G2_ADD, &[g2(&a), g2(&b)].concat()).unwrap_or_else(|| DefaultCrypto.bls12_381_g2_add(a, b))
    }

    fn bls12_381_g2_msm(
        &self,
        pairs: &mut dyn Iterator<Item = Result<G2PointScalar, PrecompileHalt>>,
    ) -> Result<[u8; 192], PrecompileHalt> {
        let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
        let input: Vec<u8> =
            pairs.iter().flat_map(|(point, scalar)| [&g2(point), &scalar[..]].concat()).collect();
        fixed(BLS_G2_MSM, &input)
            .unwrap_or_else(|| DefaultCrypto.bls12_381_g2_msm(&mut pairs.into_iter().map(Ok)))
    }

    fn bls12_381_pairing_check(&self, pairs: &[(G1Point, G2Point)]) -> Result<bool, PrecompileHalt> {
        let input: Vec<u8> = pairs.iter().flat_map(|(a, b)| [g1(a), g2(b)].concat()).collect();
        verdict(BLS_PAIRING, &input).unwrap_or_else(|| DefaultCrypto.bls12_381_pairing_check(pairs))
    }

    fn bls12_381_fp_to_g1(&self, fp: &[u8; 48]) -> Result<[u8; 96], PrecompileHalt> {
        fixed(BLS_MAP_G1, fp).unwrap_or_else(|| DefaultCrypto.bls12_381_fp_to_g1(fp))
    }

    fn bls12_381_fp2_to_g2(&self, fp2: ([u8; 48], [u8; 48])) -> Result<[u8; 192], PrecompileHalt> {
        fixed(BLS_MAP_G2, &[fp2.0, fp2.1].concat()).unwrap_or_else(|| DefaultCrypto.bls12_381_fp2_to_g2(fp2))
    }
}

/// The signer of a digest under EIP-2's rule for s; none where the signature is not one.
pub fn recover(digest: B256, y_parity: u8, r: U256, s: U256) -> Option<Address> {
    if y_parity > 1 || s > HALF_ORDER {
        return None;
    }
    let signature = [r.to_be_bytes::<32>(), s.to_be_bytes::<32>()].concat();
    let signature = signature.as_slice().try_into().expect("64 bytes");
    let word = HostCrypto.secp256k1_ecrecover(signature, y_parity, &digest.0).ok()?;
    Some(Address::from_slice(&word[12..]))
}
