// Shapes of the models that operators are run at, as their config.json say.
#pragma once
#include <vector>

namespace ol {
namespace bench {

struct model_shape {
  const char* name;
  int hidden, inner, heads, kv_heads, head_dim, vocab;
};

struct sizes {
  std::vector<model_shape> models;
  std::vector<int> tokens;        // rows of a product
  int training_tokens;            // rows of an operator of the backward pass
  int examples;                   // that share these rows
  std::vector<int> ranks;         // of LoRA
  std::vector<int> adapters;      // requests of one row, each with an adapter of its own
  int decode_keys, prompt;        // attention: one query with so many keys; so many queries
  std::vector<int> decode_batch;  // sequences that decode together
};

inline const sizes& all_sizes() {
#if OL_EMULATED
  static const sizes made{{{"tiny", 48, 256, 4, 2, 12, 96}}, {1, 8, 20}, 20, 4, {4}, {1, 3}, 40, 24, {1, 3}};
#else
  static const sizes made{{{"SmolLM2-135M", 576, 1536, 9, 3, 64, 49152},
                           {"Llama-3.2-1B", 2048, 8192, 32, 8, 64, 128256},
                           {"Llama-3.1-8B", 4096, 14336, 32, 8, 128, 128256}},
                          {1, 8, 64, 1024}, 1024, 8, {8, 16}, {1, 8, 64}, 2048, 512, {1, 8, 64}};
#endif
  return made;
}

}  // namespace bench
}  // namespace ol
