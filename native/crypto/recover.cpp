// secp256k1 public key recovery by libsecp256k1, from the sources that the npm package of that name carries.
#include "operations.h"
#include "openledger_crypto.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include <cstring>

namespace ol_crypto {
namespace {

// Its table (1 MB) takes milliseconds, so it is made at the first use. Never freed: another thread may still recover
// while the process ends.
const secp256k1_context* context() {
  static const secp256k1_context* const made = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
  return made;
}

}  // namespace

bool ecrecover(const uint8_t* signature, unsigned recovery_id, const uint8_t* digest, uint8_t address[20]) {
  if (recovery_id > 3) return false;
  const secp256k1_context* const with = context();
  secp256k1_ecdsa_recoverable_signature parsed;
  secp256k1_pubkey key;
  const int id = static_cast<int>(recovery_id);
  // Parsing refuses r and s of n and above; recovery refuses zero.
  if (!secp256k1_ecdsa_recoverable_signature_parse_compact(with, &parsed, signature, id)) return false;
  if (!secp256k1_ecdsa_recover(with, &key, &parsed, digest)) return false;
  uint8_t bytes[65], hash[32];
  size_t length = sizeof bytes;
  secp256k1_ec_pubkey_serialize(with, bytes, &length, &key, SECP256K1_EC_UNCOMPRESSED);
  ol_keccak256(bytes + 1, 64, hash);
  std::memcpy(address, hash + 12, 20);
  return true;
}

}  // namespace ol_crypto
