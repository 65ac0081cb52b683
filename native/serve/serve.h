#pragma once
#include <memory>

#include "core/batch.h"
#include "core/executor.h"
#include "core/job.h"

namespace ol {

// `lora` may be null.
void run_evaluate(job& self, const std::shared_ptr<const model>& base, const adapter* lora, const example_set& examples,
                  bool logits, bool hidden, int32_t arithmetic);

struct prompt_set {
  std::vector<int32_t> ids, offsets, stop_ids;
  int max_tokens;
  int vocabulary;  // ids that may be chosen: 0 .. vocabulary-1
};
prompt_set copy_prompts(const ol_config& config, const int32_t* ids, const int32_t* offsets, int32_t prompts,
                        int32_t max_tokens, const int32_t* stop_ids, int32_t stop_count, int32_t vocabulary);
// Greedy; the lower id wins a tie. An answer ends with a stop id, at max_tokens, or where the context is full.
void run_generate(job& self, const std::shared_ptr<const model>& base, const adapter* lora, const prompt_set& prompts,
                  int32_t arithmetic);

}  // namespace ol
