// Senders of signatures over secp256k1, by libsecp256k1 from the sources that the npm package of that name carries.
#include "openledger_crypto.h"
#include "operations.h"
#include "recover_many.h"

#include <secp256k1.h>

#include <algorithm>
#include <cstring>

namespace ol_crypto {
namespace {

// Its table (1 MB) takes milliseconds, so it is made at the first use. Never freed: another thread may still recover
// while the process ends.
const secp256k1_context* context() {
  static const secp256k1_context* const made = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
  return made;
}

void address_of(const ol_recovery& recovery, uint8_t address[20]) {
  uint8_t hash[32];
  ol_keccak256(recovery.key, sizeof recovery.key, hash);
  std::memcpy(address, hash + 12, 20);
}

}  // namespace

bool ecrecover(const uint8_t* signature, unsigned recovery_id, const uint8_t* digest, uint8_t address[20]) {
  ol_recovery one{signature, digest, recovery_id, 0, {}};
  ol_recover_many(context(), &one, 1);
  if (one.found) address_of(one, address);
  return one.found;
}

}  // namespace ol_crypto

extern "C" void ol_recover_senders(const uint8_t* jobs, size_t count, uint8_t* senders) {
  ol_recovery some[OL_RECOVER_MOST];
  for (size_t from = 0; from < count; from += OL_RECOVER_MOST) {
    const size_t most = std::min<size_t>(OL_RECOVER_MOST, count - from);
    for (size_t i = 0; i < most; i++) {
      const uint8_t* const job = jobs + (from + i) * OL_SENDER_JOB;
      // A y parity above 1 is none; 4 is no recovery id.
      some[i] = {job + 32, job, job[96] < 2 ? job[96] : 4u, 0, {}};
    }
    ol_recover_many(ol_crypto::context(), some, most);
    for (size_t i = 0; i < most; i++) {
      uint8_t* const sender = senders + (from + i) * OL_SENDER;
      std::memset(sender, 0, OL_SENDER);
      if (!some[i].found) continue;
      ol_crypto::address_of(some[i], sender);
      sender[20] = 1;
    }
  }
}
