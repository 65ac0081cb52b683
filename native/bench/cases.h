// Every operator at the shapes of real models: one list, which is compared with the CPU first and then timed.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/cublas.h"
#include "bench/shapes.h"
#include "core/backend.h"

namespace ol {
namespace bench {

// Values of both signs over some exponents, the same for every device.
class filler {
 public:
  explicit filler(backend& device);
  void fill(float* to, size_t count);
  // From here on the values are those after a fresh start.
  void restart() { at_ = 0; }

 private:
  backend& device_;
  device_array<float> block_;
  size_t at_ = 0;
};

// What one case has on one device. Values are filled in the order of the calls, so every device gets the same.
class workspace {
 public:
  // `pool`: bytes of weights that a case goes round, so that a weight is no longer in the cache when it is its turn again; 0: one
  // copy of each.
  workspace(backend& on, filler& values, size_t pool) : device(on), filler_(values), pool_(pool) {}
  float* in(size_t count);
  int32_t* in(const std::vector<int32_t>& values);
  // Ids below `below`.
  int32_t* ids(size_t count, int below);
  // What the case writes to: it is compared.
  float* out(size_t count);
  // Packed weights [out, in], as many as fill the pool, `most` at most.
  std::vector<linear_weight>& weights(int out, int in, bool backward, size_t most = 256);
  // The same in a stored format, its fields made from a seed.
  std::vector<linear_weight>& stored(int32_t format, int out, int in, bool q8);
  const std::vector<std::pair<float*, size_t>>& outputs() const { return outputs_; }

  backend& device;

 private:
  filler& filler_;
  size_t pool_;
  std::vector<device_array<float>> floats_;
  std::vector<device_array<int32_t>> integers_;
  std::vector<std::unique_ptr<std::vector<linear_weight>>> weights_;
  std::vector<std::unique_ptr<stored_matrix>> matrices_;
  std::vector<std::pair<float*, size_t>> outputs_;
};

// A case on one device: `run(i)` queues it for the i-th time.
struct prepared {
  std::function<void(size_t)> run;
  std::function<sgemm(size_t)> peer;  // the same product for cuBLAS; empty: there is none
};

struct operator_case {
  std::string model, name, shape;
  int tokens;
  double flops;  // 0: memory alone bounds it
  double bytes;  // read and written, each value once
  size_t memory;  // bytes that it takes on a device, weights once
  std::function<prepared(workspace&)> make;
};

using case_list = std::vector<operator_case>;
void add_products(case_list& list, const model_shape& model, const sizes& all);
void add_stored(case_list& list, const model_shape& model, const sizes& all);
void add_lora(case_list& list, const model_shape& model, const sizes& all);
void add_attention(case_list& list, const model_shape& model, const sizes& all);
void add_fused(case_list& list, const model_shape& model, const sizes& all);
void add_factors(case_list& list, const model_shape& model, const sizes& all);
void add_rows(case_list& list, const model_shape& model, const sizes& all);
case_list all_cases();

}  // namespace bench
}  // namespace ol
