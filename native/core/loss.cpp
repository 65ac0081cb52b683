#include "core/loss.h"

namespace ol {

void add_example_losses(const micro_batch& batch, const std::vector<float>& nll, std::vector<double>* losses) {
  for (size_t i = 0; i < batch.examples.size(); ++i) {
    double sum = 0.0;
    for (int t = batch.target_offsets[i]; t < batch.target_offsets[i + 1]; ++t) sum += nll[t];
    (*losses)[batch.examples[i]] = sum;
  }
}

}  // namespace ol
