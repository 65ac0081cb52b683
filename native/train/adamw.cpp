#include "train/adamw.h"

#include "core/error.h"
#include "train/schedule.h"

namespace ol {

adamw::adamw(backend& device, const std::vector<tensor_info>& tensors, size_t count, bool decay_vectors)
    : device_(device),
      count_(count),
      m_(device, count),
      v_(device, count),
      chunks_(device, (count + norm_chunk - 1) / norm_chunk) {
  for (const auto& t : tensors) {
    const bool decay = decay_vectors || t.cols != 0;
    if (!ranges_.empty() && ranges_.back().decay == decay) {
      ranges_.back().count += t.count;
    } else {
      ranges_.push_back({t.offset, t.count, decay});
    }
  }
  load(nullptr, nullptr);
}

void adamw::load(const float* m, const float* v) {
  const size_t bytes = count_ * sizeof(float);
  m ? device_.upload(m_.get(), m, bytes) : device_.zero(m_.get(), bytes);
  v ? device_.upload(v_.get(), v, bytes) : device_.zero(v_.get(), bytes);
}

void adamw::store(float* m, float* v) {
  device_.download(m, m_.get(), count_ * sizeof(float));
  device_.download(v, v_.get(), count_ * sizeof(float));
}

// Chunks of 4096 by 16 lanes in fp32, then one fp64 chain over the chunks.
double adamw::norm(const float* g) {
  device_.sum_squares(chunks_.get(), g, count_);
  std::vector<float> chunks((count_ + norm_chunk - 1) / norm_chunk);
  device_.download(chunks.data(), chunks_.get(), chunks.size() * sizeof(float));
  device_.finish();
  double sum = 0.0;
  for (float c : chunks) sum += c;
  return __builtin_sqrt(sum);
}

double adamw::update(float* weights, const float* g, const ol_optimizer& o, int64_t step) {
  double length = 0.0, factor = 1.0;
  if (o.clip_norm > 0.0f) {
    length = norm(g);
    if (!(length - length == 0.0)) fail(OL_ERROR_NUMERIC, "the gradient is not finite");
    if (length > o.clip_norm) factor = o.clip_norm / length;
  }
  const double lr = learning_rate(o, step), b1 = o.beta1, b2 = o.beta2;
  for (const auto& r : ranges_) {
    const float constants[10] = {static_cast<float>(lr),
                                 o.beta1,
                                 static_cast<float>(1.0 - b1),
                                 o.beta2,
                                 static_cast<float>(1.0 - b2),
                                 o.eps,
                                 static_cast<float>(r.decay ? 1.0 - lr * o.weight_decay : 1.0),
                                 static_cast<float>(1.0 - integer_power(b1, step + 1)),
                                 static_cast<float>(1.0 - integer_power(b2, step + 1)),
                                 static_cast<float>(factor)};
    device_.adamw(weights + r.offset, m_.get() + r.offset, v_.get() + r.offset, g + r.offset, r.count, constants);
  }
  return length;
}

}  // namespace ol
