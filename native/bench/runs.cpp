// Whole runs on the CPU and on CUDA, all that they give compared: evaluation, generation, gradients, training, sketches' fits, serving.
// Prints a line each; exit status 1: they differ. `--seconds N`: what does not fit is named.
#include <algorithm>
#include <string>

#include "bench/budget.h"
#include "kinds.h"
#include "requests.h"

using ol::bench::budget;

namespace {

struct shape_case {
  const char* name;
  ol_config config;
  uint32_t spread;  // examples have 2 .. spread + 1 tokens
  bool fits;        // sketches' fits too: they decompose matrices on the host, which takes long for wide ones
};

// No size is a multiple of a tile's, three query heads share a key-value head, nothing is tied.
ol_config ragged_config() {
  ol_config c = small_config();
  c.vocab = 131;
  c.hidden = 52;
  c.heads = 6;
  c.kv_heads = 2;
  c.head_dim = 10;
  c.intermediate = 90;
  c.max_positions = 200;
  c.tied = 0;
  c.biases = OL_Q | OL_K | OL_V;
  c.qk_norm = 0;
  return c;
}

// SmolLM2-135M's layers, three of them, with a smaller vocabulary.
ol_config wide_config() {
  ol_config c = small_config();
  c.vocab = 4096;
  c.hidden = 576;
  c.layers = 3;
  c.heads = 9;
  c.kv_heads = 3;
  c.head_dim = 64;
  c.intermediate = 1536;
  c.max_positions = 1024;
  c.biases = 0;
  c.qk_norm = 0;
  return c;
}

std::vector<shape_case> shapes() {
  if (OL_EMULATED) return {{"small", small_config(), 12, true}};
  return {{"small", small_config(), 40, true}, {"ragged", ragged_config(), 150, true}, {"wide", wide_config(), 300, false}};
}

bool is_fit(const std::string& name) { return name.find("basis") != std::string::npos; }
bool is_q8(const std::string& name) { return name.find("q8") != std::string::npos; }

// Does the device take this arithmetic? Its refusal is no difference.
bool takes_q8(world& w, ol_session* session) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  const int status = ol_start_evaluate(session, w.model.get(), nullptr, &set, 0, 0, OL_ARITHMETIC_Q8, &job);
  if (status == OL_ERROR_UNAVAILABLE) return false;
  must(status);
  const job_ptr held(job);
  wait_for(job);
  return true;
}

// Requests by several adapters together, their answers by request.
hash64 served(world& w, ol_session* session, int32_t arithmetic) {
  std::vector<adapter_ptr> adapters;
  for (int i = 0; i < 3; ++i) adapters.push_back(small_adapter(w.config, 1 + 3 * i, 20u + static_cast<uint32_t>(i)));
  const engine_ptr engine = open_engine(session, w.model.get(), 8, 90, arithmetic);
  random_numbers random{31};
  std::map<uint64_t, answer> answers;
  size_t ended = 0;
  const size_t asked = OL_EMULATED ? 4 : 24;
  for (size_t i = 0; i < asked; ++i) {
    const request_case made = make_request(random, w.config, adapters);
    uint64_t id = 0;
    while ((id = submit(engine.get(), made, 1, 0)) == 0) ended += take(engine.get(), answers);
  }
  while (ended < asked) ended += take(engine.get(), answers);
  return hash_of(answers);
}

// An output of a job that is done.
template <typename T>
std::vector<T> output_of(const ol_job* job, const std::string& wanted) {
  int32_t count = 0;
  must(ol_job_output_count(job, &count));
  for (int32_t i = 0; i < count; ++i) {
    const char* name = nullptr;
    int32_t type = 0;
    size_t values = 0;
    must(ol_job_output(job, i, &name, &type, &values));
    std::vector<T> read(values);
    if (name != wanted) continue;
    must(ol_job_output_read(job, i, read.data(), values));
    return read;
  }
  std::printf("FAILED: a job has no output %s\n", wanted.c_str());
  std::exit(1);
}

// A fit, then sketches by it of other rows than those that it saw, of one among them alone, and of one twice.
hash64 sketched(world& w, ol_session* session, bool factored) {
  const job_ptr fit(factored ? fit_factored(w, session) : fit_basis(w, session));
  hash64 hash = outputs_of(fit.get());
  const auto exponents = output_of<int8_t>(fit.get(), "exponents");
  const auto mantissas = output_of<int16_t>(fit.get(), "mantissas");
  factored_ptr basis;
  if (factored) {
    const auto counts = output_of<int32_t>(fit.get(), "counts");
    ol_factored* made = nullptr;
    must(ol_factored_create(w.adapter.get(), counts.data(), counts.size(), exponents.data(), exponents.size(), mantissas.data(),
                            mantissas.size(), &made));
    basis.reset(made);
  }
  for (const int rows : {9, 1, 1}) {
    const examples set(w.config, rows, random_numbers{17}, OL_EMULATED ? 12 : 40);
    const ol_examples view = set.view();
    ol_job* job = nullptr;
    must(factored ? ol_start_sketch_factored(session, w.model.get(), w.adapter.get(), &view, basis.get(), 64, 1, &job)
                  : ol_start_sketch(session, w.model.get(), w.adapter.get(), &view, exponents.data(), exponents.size(), mantissas.data(),
                                    mantissas.size(), 4, &job));
    const job_ptr held(job);
    const hash64 own = outputs_of(job);
    hash.add(&own.state, sizeof own.state);
  }
  return hash;
}

using whole_run = std::function<hash64(world&, ol_session*)>;

std::vector<std::pair<std::string, whole_run>> runs_of(const shape_case& shape, const format_case& format, bool q8) {
  std::vector<std::pair<std::string, whole_run>> list;
  for (const auto& [name, begin] : kinds) {
    if (is_fit(name) || (is_q8(name) && !q8)) continue;
    const start first = begin;
    list.push_back({name, [first](world& w, ol_session* session) {
                      const job_ptr job(first(w, session));
                      return outputs_of(job.get());
                    }});
  }
  if (shape.fits) {
    list.push_back({"basis, then sketches", [](world& w, ol_session* s) { return sketched(w, s, false); }});
    list.push_back({"factored basis, then sketches", [](world& w, ol_session* s) { return sketched(w, s, true); }});
  }
  // It has weights of its own, whatever the model's format.
  if (format.values == 1 && format.bytes == 4) list.push_back({"pretraining", pretrained});
  list.push_back({"serving f32", [](world& w, ol_session* s) { return served(w, s, OL_ARITHMETIC_F32); }});
  if (q8) list.push_back({"serving q8", [](world& w, ol_session* s) { return served(w, s, OL_ARITHMETIC_Q8); }});
  return list;
}

struct totals {
  int done = 0, differ = 0;
  std::string left;
};

void compare(const shape_case& shape, const format_case& format, const budget& time, totals& sum) {
  world w(format, shape.config, shape.spread);
  const session_ptr cpu = open_session("", std::min(16, static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))));
  // Whatever the micro-batches, too.
  const session_ptr cuda = open_session("", 0, 0, "cuda"), in_parts = open_session("", 0, OL_EMULATED ? 16 : 60, "cuda");
  std::vector<ol_session*> sessions{in_parts.get()};
  if (!OL_EMULATED) sessions.push_back(cuda.get());
  const bool q8 = format.values > 1 && takes_q8(w, cuda.get());
  if (format.values > 1 && !q8) std::printf("The arithmetic q8 is not on this device: not compared (%s).\n\n", ol_error_text());
  for (const auto& [name, run] : runs_of(shape, format, q8)) {
    const std::string what = name + ", " + shape.name + " model, " + format.name;
    if (time.over()) {
      sum.left += (sum.left.empty() ? "" : "; ") + what;
      continue;
    }
    const hash64 want = run(w, cpu.get());
    for (ol_session* session : sessions) {
      ++sum.done;
      if (run(w, session).state == want.state) continue;
      ++sum.differ;
      std::printf("DIFFERS %s%s: another hash\n", what.c_str(), session == cuda.get() ? "" : ", in small micro-batches");
    }
    std::printf("| %s | %016llx |\n", what.c_str(), static_cast<unsigned long long>(want.state));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const budget time(ol::bench::seconds_of(argc, argv, "--seconds"));
  char reason[256];
  if (ol_cuda_state(reason, sizeof reason) != 2) {
    std::printf("FAILED: CUDA cannot be used: %s\n", reason);
    return 3;
  }
  std::printf("| run | hash on the CPU |\n|---|---|\n");
  totals sum;
  const auto formats = all_formats();
  const std::vector<int> picked = OL_EMULATED ? std::vector<int>{0} : std::vector<int>{0, 2, 5};  // F32, BF16, Q4_1
  for (const int number : picked) {
    const format_case& format = formats[static_cast<size_t>(number)];
    for (const auto& shape : shapes()) {
      const bool whole = shape.config.hidden % format.values == 0 && shape.config.intermediate % format.values == 0;
      if (whole) compare(shape, format, time, sum);
    }
  }
  std::printf("\n%d whole runs compared with the CPU's, %d differ.\n", sum.done, sum.differ);
  if (!sum.left.empty()) std::printf("\nLeft out (for want of time): %s.\n", sum.left.c_str());
  return sum.differ != 0;
}
