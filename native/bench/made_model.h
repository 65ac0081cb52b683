// A model whose weights are made from a seed, in SmolLM2-135M's shape: what serving and training are timed with. No file is read.
#pragma once
#include "common.h"

namespace ol {
namespace bench {

inline ol_config made_config() {
  ol_config c = small_config();
  if (OL_EMULATED) return c;
  c.vocab = 49152;
  c.hidden = 576;
  c.layers = 30;
  c.heads = 9;
  c.kv_heads = 3;
  c.head_dim = 64;
  c.intermediate = 1536;
  c.max_positions = 2048;
  c.biases = 0;
  c.qk_norm = 0;
  c.rope_theta = 100000.0;
  return c;
}

inline const int made_rank = OL_EMULATED ? 2 : 8;
inline const char* const made_shape = OL_EMULATED ? "a tiny shape" : "SmolLM2-135M's shape";

// Ends the program where there is no GPU to time.
inline void need_cuda() {
  char reason[256];
  if (ol_cuda_state(reason, sizeof reason) == 2) return;
  std::printf("FAILED: CUDA cannot be used: %s\n", reason);
  std::exit(3);
}

inline double since(std::chrono::steady_clock::time_point from) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

}  // namespace bench
}  // namespace ol
