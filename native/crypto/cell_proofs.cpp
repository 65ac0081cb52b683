// The KZG proofs of a blob's 128 cells (EIP-7594), by c-kzg-4844.
#include <ckzg.h>

#include "operations.h"

namespace ol_crypto {
namespace {

constexpr uint8_t LAGRANGE[4096 * 48] = {
#include "kzg_points.inc"
};
constexpr uint8_t POWERS[4096 * 48] = {
#include "kzg_powers.inc"
};
constexpr uint8_t POWERS_G2[65 * 96] = {
#include "kzg_powers_g2.inc"
};

struct Ceremony {
  KZGSettings settings{};
  bool ready;
  // No tables: they would take a hundred megabytes to halve what a batcher does once in minutes.
  Ceremony()
      : ready(load_trusted_setup(&settings, POWERS, sizeof POWERS, LAGRANGE, sizeof LAGRANGE, POWERS_G2,
                                 sizeof POWERS_G2, 0) == C_KZG_OK) {}
};

}  // namespace

bool cell_proofs(const uint8_t* blob, uint8_t* proofs) {
  static const Ceremony ceremony;
  return ceremony.ready &&
         compute_cells_and_kzg_proofs(nullptr, reinterpret_cast<KZGProof*>(proofs),
                                      reinterpret_cast<const Blob*>(blob), &ceremony.settings) == C_KZG_OK;
}

}  // namespace ol_crypto
