#include "core/model.h"

#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/random.h"

namespace ol {

void check_finite(const std::vector<tensor_info>& tensors, const float* flat) {
  for (const auto& tensor : tensors) {
    for (size_t i = 0; i < tensor.count; ++i) {
      if (!std::isfinite(flat[tensor.offset + i])) {
        fail(OL_ERROR_TENSOR, "tensor " + tensor.name + " has a value that is not finite, at " + std::to_string(i));
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

std::shared_ptr<const model> make_model(const ol_config& config, const float* flat, size_t count) {
  check_config(config);
  auto made = std::make_shared<model>();
  made->config = config;
  made->layout = layout_of(config);
  check_count(count, made->layout.count);
  check_finite(made->layout.tensors, flat);
  made->weights.assign(flat, flat + count);
  return made;
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

device_model::device_model(backend& device, const ol_config& c, const model_layout& l, const float* host_flat,
                           bool copy)
    : config(c), layout(l) {
  if (copy || std::strcmp(device.device(), "cpu") != 0) {
    owned = device_array<float>(device, layout.count);
    device.upload(owned.get(), host_flat, layout.count * sizeof(float));
    flat = owned.get();
  } else {
    flat = const_cast<float*>(host_flat);  // read only: the model outlives this
  }
  for (int i = 0; i < config.layers; ++i) {
    for (int p = 0; p < projection_count; ++p) {
      const linear_shape s = shape_of(config, p);
      linears.push_back({flat + layout.layers[i].weight[p], s.out, s.in, nullptr});
    }
  }
  head = {flat + layout.head, config.vocab, config.hidden, nullptr};
  repack(device);
}

void device_model::repack(backend& device) {
  for (auto& linear : linears) device.pack(linear, true);
  device.pack(head, true);
}

device_adapter::device_adapter(backend& device, const adapter& source)
    : rank(source.rank), targets(source.targets), scale(source.scale), layout(source.layout) {
  flat = device_array<float>(device, layout.count);
  device.upload(flat.get(), source.factors.data(), layout.count * sizeof(float));
  for (int i = 0; i < source.config.layers; ++i) {
    for (int p = 0; p < projection_count; ++p) {
      const linear_shape s = shape_of(source.config, p);
      const auto at = layout.at[i * projection_count + p];
      a.push_back({flat.get() + at.a, rank, s.in, nullptr});
      b.push_back({flat.get() + at.b, s.out, rank, nullptr});
    }
  }
  repack(device);
}

void device_adapter::repack(backend& device) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (!has(static_cast<int>(i) % projection_count)) continue;
    device.pack(a[i], true);
    device.pack(b[i], true);
  }
}

}  // namespace ol
