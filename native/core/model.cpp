#include "core/model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "core/error.h"
#include "core/random.h"

namespace ol {

void check_finite(const std::vector<tensor_info>& tensors, const float* flat) {
  for (const auto& tensor : tensors) {
    for (size_t i = 0; i < tensor.count; ++i) {
      if (!std::isfinite(flat[tensor.offset + i])) {
        fail(OL_ERROR_FINITE, "tensor " + tensor.name + " has a value that is not finite, at " + std::to_string(i));
      }
    }
  }
}

static void check_count(size_t given, size_t needed) {
  if (given != needed) {
    fail(OL_ERROR_TENSOR,
         "got " + std::to_string(given) + " values; the shape needs " + std::to_string(needed));
  }
}

void check_weights(const model_layout& layout, const float* flat, size_t count) {
  check_count(count, layout.count);
  check_finite(layout.tensors, flat);
}

size_t model::bytes() const {
  size_t sum = 0;
  for (const auto& matrix : matrices) sum += matrix.rows() ? matrix.bytes() : 0;
  for (const auto& vector : vectors) sum += vector.size() * sizeof(float);
  return sum;
}

void model::read(size_t index, float* out) const {
  const stored_matrix& matrix = matrices[index];
  std::copy(vectors[index].begin(), vectors[index].end(), out);
  for (int row = 0; row < matrix.rows(); ++row) matrix.read_row(row, out + static_cast<size_t>(row) * matrix.cols());
}

std::shared_ptr<const adapter> make_adapter(const ol_config& config, int rank, float scale, int targets,
                                            const float* flat, size_t count) {
  check_config(config);
  check_adapter_shape(config, rank, targets);
  if (!(std::isfinite(scale) && scale > 0.0f)) fail(OL_ERROR_CONFIG, "the adapter's scale must be positive");
  auto made = std::make_shared<adapter>();
  made->config = config;
  made->rank = rank;
  made->targets = targets;
  made->scale = scale;
  made->layout = layout_of(config, rank, targets);
  check_count(count, made->layout.count);
  check_finite(made->layout.tensors, flat);
  made->factors.assign(flat, flat + count);
  return made;
}

void init_model(const ol_config& config, uint64_t seed, float* flat) {
  random_source random(seed);
  for (const auto& tensor : layout_of(config).tensors) {
    const bool bias = tensor.name.size() > 5 && tensor.name.compare(tensor.name.size() - 5, 5, ".bias") == 0;
    for (size_t i = 0; i < tensor.count; ++i) {
      float value = bias ? 0.0f : 1.0f;
      if (tensor.cols) value = static_cast<float>(0.02 * random.normal());
      flat[tensor.offset + i] = value;
    }
  }
}

void init_adapter(const ol_config& config, int rank, int targets, uint64_t seed, float* flat) {
  random_source random(seed);
  for (const auto& tensor : layout_of(config, rank, targets).tensors) {
    const bool is_a = tensor.name.find("lora_A") != std::string::npos;
    const double bound = 1.0 / std::sqrt(static_cast<double>(tensor.cols));
    for (size_t i = 0; i < tensor.count; ++i) {
      flat[tensor.offset + i] = is_a ? static_cast<float>((2.0 * random.uniform() - 1.0) * bound) : 0.0f;
    }
  }
}

// Names every weight by its place in the canonical order.
template <typename M, typename V>
void device_model::bind(M&& matrix, V&& vector) {
  for (int i = 0; i < config.layers; ++i) {
    const layer_offsets& at = layout.layers[i];
    layer_vectors named{vector(at.norm1), vector(at.norm2), nullptr, nullptr, {}};
    if (config.qk_norm) {
      named.q_norm = vector(at.q_norm);
      named.k_norm = vector(at.k_norm);
    }
    for (int p = 0; p < projection_count; ++p) {
      const linear_shape s = shape_of(config, p);
      linears.push_back(matrix(at.weight[p], s.out, s.in));
      if (config.biases >> p & 1) named.bias[p] = vector(at.bias[p]);
    }
    vectors.push_back(named);
  }
  final_norm = vector(layout.final_norm);
  embed = matrix(layout.embed, config.vocab, config.hidden);
  head = matrix(layout.head, config.vocab, config.hidden);
}

device_model::device_model(backend& device, const ol_config& c, const model_layout& l, const float* host_flat)
    : config(c), layout(l), flat(device, l.count) {
  device.upload(flat.get(), host_flat, layout.count * sizeof(float));
  bind([&](size_t at, int out, int in) { return linear_weight{flat.get() + at, out, in, nullptr, nullptr, false}; },
       [&](size_t at) { return flat.get() + at; });
  repack(device);
}

void check_arithmetic(int32_t arithmetic) {
  if (arithmetic != OL_ARITHMETIC_F32 && arithmetic != OL_ARITHMETIC_Q8) {
    fail(OL_ERROR_ARGUMENT, "there is no arithmetic " + std::to_string(arithmetic) + "; use f32 (0) or q8 (1)");
  }
}

// Whether a tensor's fp32 values are on the device: those of vectors, and of matrices that came as such.
static bool has_values(const stored_matrix& matrix) { return matrix.rows() == 0 || matrix.format() == OL_FORMAT_F32; }

resident_model::resident_model(backend& device, const model& source) {
  const auto& infos = source.layout.tensors;
  size_t count = 0;
  for (size_t i = 0; i < infos.size(); ++i) count += has_values(source.matrices[i]) ? infos[i].count : 0;
  values = device_array<float>(device, count);
  std::vector<float> host;
  float* next = values.get();
  for (size_t i = 0; i < infos.size(); ++i) {
    const stored_matrix& matrix = source.matrices[i];
    linear_weight made{nullptr, matrix.rows(), matrix.cols(), nullptr, nullptr, false};
    if (has_values(matrix)) {
      host.resize(infos[i].count);
      source.read(i, host.data());
      device.upload(next, host.data(), host.size() * sizeof(float));
      device.finish();  // the next tensor takes the same memory
      made.weight = next;
      next += infos[i].count;
      if (matrix.rows()) device.pack(made, true);
    } else {
      made.packed = device.keep(matrix);
      made.stored = &matrix;
    }
    tensors.push_back(std::move(made));
  }
  device.finish();
}

device_model::device_model(std::shared_ptr<const model> source, std::shared_ptr<const resident_model> resident,
                           int32_t arithmetic)
    : config(source->config), layout(source->layout), source_(std::move(source)), resident_(std::move(resident)) {
  std::map<size_t, size_t> index;  // tensor by offset
  for (size_t i = 0; i < layout.tensors.size(); ++i) index[layout.tensors[i].offset] = i;
  bind([&](size_t at, int out, int in) {
         const size_t i = index.at(at);
         linear_weight w{nullptr, out, in, nullptr, &source_->matrices[i], false};
         if (resident_) w = resident_->tensors[i];
         w.q8 = arithmetic == OL_ARITHMETIC_Q8 && info_of(source_->matrices[i].format()).values > 1;
         return w;
       },
       [&](size_t at) -> const float* {
         const size_t i = index.at(at);
         return resident_ ? resident_->tensors[i].weight : source_->vectors[i].data();
       });
}

void device_model::repack(backend& device) {
  for (auto& linear : linears) device.pack(linear, true);
  device.pack(head, true);
}

device_adapter::device_adapter(backend& device, const adapter& source, bool backward)
    : rank(source.rank), targets(source.targets), scale(source.scale), layout(source.layout) {
  // For serving on the CPU the packed form is all that it takes: it is made from the adapter's own memory.
  const bool only_packed = !backward && std::strcmp(device.device(), "cpu") == 0;
  const float* values = source.factors.data();
  if (!only_packed) {
    flat = device_array<float>(device, layout.count);
    device.upload(flat.get(), values, layout.count * sizeof(float));
    values = flat.get();
  }
  for (int i = 0; i < source.config.layers; ++i) {
    for (int p = 0; p < projection_count; ++p) {
      const linear_shape s = shape_of(source.config, p);
      const auto at = layout.at[i * projection_count + p];
      a.push_back({values + at.a, rank, s.in, nullptr, nullptr, false});
      b.push_back({values + at.b, s.out, rank, nullptr, nullptr, false});
    }
  }
  repack(device, backward);
  if (!only_packed) return;
  for (auto* factors : {&a, &b})
    for (auto& factor : *factors) factor.weight = nullptr;
}

void device_adapter::repack(backend& device, bool backward) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (!has(static_cast<int>(i) % projection_count)) continue;
    device.pack(a[i], backward);
    device.pack(b[i], backward);
  }
}

}  // namespace ol
