// How fast CUDA trains an adapter, and makes the gradients and the sketches of each example. Prints Markdown. `--seconds N`.
#include <functional>

#include "bench/budget.h"
#include "bench/made_model.h"
#include "kinds.h"

using namespace ol::bench;

namespace {

const int example_tokens = OL_EMULATED ? 6 : 128, step_examples = OL_EMULATED ? 2 : 8, most_steps = OL_EMULATED ? 2 : 9;

// As many examples of one length as so many steps take.
struct batch {
  std::vector<int32_t> ids, offsets{0}, order, step_offsets{0};
  std::vector<uint8_t> targets;
  batch(const ol_config& config, int step_count) {
    random_numbers random{5};
    for (int e = 0; e < step_count * step_examples; ++e) {
      for (int t = 0; t < example_tokens; ++t) {
        ids.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(config.vocab))));
        targets.push_back(t > 0 ? 1 : 0);
      }
      offsets.push_back(static_cast<int32_t>(ids.size()));
      order.push_back(e);
      if ((e + 1) % step_examples == 0) step_offsets.push_back(e + 1);
    }
  }
  ol_examples view() const { return {ids.data(), targets.data(), offsets.data(), static_cast<int32_t>(order.size())}; }
  ol_steps plan() const { return {order.data(), step_offsets.data(), static_cast<int32_t>(step_offsets.size() - 1)}; }
};

struct subject {
  ol_config config = made_config();
  model_ptr model = small_model(config, all_formats()[2], 3);
  adapter_ptr adapter = small_adapter(config, made_rank, 9);
  session_ptr session = open_session("", 0, 0, "cuda");
};

using begin_job = std::function<ol_job*(const subject&, const batch&)>;

ol_job* begin_training(const subject& s, const batch& b) {
  const ol_examples set = b.view();
  const ol_steps plan = b.plan();
  ol_job* job = nullptr;
  must(ol_start_lora_train(s.session.get(), s.model.get(), s.adapter.get(), nullptr, &set, &plan, &optimizer, &job));
  return job;
}

ol_job* begin_gradients(const subject& s, const batch& b) {
  const ol_examples set = b.view();
  ol_job* job = nullptr;
  must(ol_start_lora_gradients(s.session.get(), s.model.get(), s.adapter.get(), &set, &job));
  return job;
}

// Two directions of each tensor, of any values.
factored_ptr made_basis(const subject& s) {
  int64_t tensors = 0;
  must(ol_adapter_tensor_count(&s.config, made_rank, all_linears, &tensors));
  const std::vector<int32_t> counts(static_cast<size_t>(tensors), 2);
  size_t values = 0;
  for (int64_t i = 0; i < tensors; ++i) {
    ol_tensor_info info;
    must(ol_adapter_tensor(&s.config, made_rank, all_linears, i, &info));
    values += 2 * static_cast<size_t>(info.count);
  }
  random_numbers random{6};
  std::vector<int16_t> mantissas(values);
  for (int16_t& m : mantissas) m = static_cast<int16_t>(static_cast<int32_t>(random.below(65535)) - 32767);
  const std::vector<int8_t> exponents(2 * counts.size(), -20);
  ol_factored* made = nullptr;
  must(ol_factored_create(s.adapter.get(), counts.data(), counts.size(), exponents.data(), exponents.size(), mantissas.data(), values,
                          &made));
  return factored_ptr(made);
}

ol_job* begin_sketches(const subject& s, const batch& b, const ol_factored* basis) {
  const ol_examples set = b.view();
  ol_job* job = nullptr;
  must(ol_start_sketch_factored(s.session.get(), s.model.get(), s.adapter.get(), &set, basis, 1024, 1, &job));
  return job;
}

double seconds_of_steps(const subject& s, const begin_job& begin, int count) {
  const batch b(s.config, count);
  const auto from = std::chrono::steady_clock::now();
  const job_ptr job(begin(s, b));
  if (wait_for(job.get()).state != OL_DONE) {
    std::printf("\nFAILED: %s\n", ol_job_error(job.get()));
    std::exit(3);
  }
  return since(from);
}

// What further steps take beyond the first: setting up is in both.
void row(const subject& s, const char* name, const begin_job& begin, const budget& time) {
  if (time.over()) {
    std::printf("| %s | left out for want of time | | |\n", name);
    return;
  }
  seconds_of_steps(s, begin, 1);  // warms up
  const double one = seconds_of_steps(s, begin, 1);
  const int more = OL_EMULATED || one * most_steps < time.left() / 2 ? most_steps : 2;
  const double step = (seconds_of_steps(s, begin, more) - one) / (more - 1);
  const double tokens = static_cast<double>(step_examples) * example_tokens;
  if (step <= 0) {
    std::printf("| %s | %d x %d | too short to be timed | |\n", name, step_examples, example_tokens);
    return;
  }
  std::printf("| %s | %d x %d | %.1f | %.0f |\n", name, step_examples, example_tokens, step * 1e3, tokens / step);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const budget time(seconds_of(argc, argv, "--seconds"));
  need_cuda();
  const subject made;
  std::printf("A model of %s with weights from a seed, LoRA of rank %d on all linears.\n\n", made_shape, made_rank);
  std::printf("| job | examples x tokens of a step | ms a step | tokens a second |\n|---|---|---|---|\n");
  row(made, "LoRA training", begin_training, time);
  row(made, "gradients of each example", begin_gradients, time);
  const factored_ptr basis = made_basis(made);
  row(made, "sketches of each example", [&](const subject& s, const batch& b) { return begin_sketches(s, b, basis.get()); }, time);
  return 0;
}
