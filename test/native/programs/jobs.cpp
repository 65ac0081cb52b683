// Jobs of every kind: the same bytes on every instruction set and number of threads, cancelled at any moment, with their
// handles gone before they end.
#include <functional>

#include "common.h"

namespace {

struct examples {
  std::vector<int32_t> ids, offsets{0};
  std::vector<uint8_t> targets;
  examples(const ol_config& config, int count, random_numbers random) {
    for (int e = 0; e < count; ++e) {
      const int length = 2 + static_cast<int>(random.below(40));
      for (int t = 0; t < length; ++t) {
        ids.push_back(static_cast<int32_t>(random.below(config.vocab)));
        targets.push_back(t > length / 2 ? 1 : 0);
      }
      targets.back() = 1;
      offsets.push_back(static_cast<int32_t>(ids.size()));
    }
  }
  ol_examples view() const {
    return {ids.data(), targets.data(), offsets.data(), static_cast<int32_t>(offsets.size() - 1)};
  }
};

struct world {
  ol_config config = small_config();
  model_ptr model;
  adapter_ptr adapter;
  examples set{config, 6, random_numbers{5}};
  explicit world(const format_case& format) : model(small_model(config, format, 3)), adapter(small_adapter(config, 4, 9)) {}
};

const ol_optimizer optimizer{0.9f, 0.999f, 1e-8f, 0.01f, 0.5f, 1e-3, 1e-4, 1, 6, 1};
const std::vector<int32_t> order{0, 1, 2, 3, 4, 5, 2, 2}, step_offsets{0, 3, 6, 8};
const ol_steps steps{order.data(), step_offsets.data(), 3};

using start = std::function<ol_job*(world&, ol_session*)>;

ol_job* evaluate(world& w, ol_session* s, int32_t arithmetic) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  must(ol_start_evaluate(s, w.model.get(), w.adapter.get(), &set, 1, 1, arithmetic, &job));
  return job;
}

ol_job* generate(world& w, ol_session* s, int32_t arithmetic) {
  ol_job* job = nullptr;
  const int32_t stop = 7;
  must(ol_start_generate(s, w.model.get(), w.adapter.get(), w.set.ids.data(), w.set.offsets.data(), 3, 12, &stop, 1, 90,
                         arithmetic, &job));
  return job;
}

ol_job* gradients(world& w, ol_session* s) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  must(ol_start_gradients(s, w.model.get(), &set, &job));
  return job;
}

ol_job* lora_gradients(world& w, ol_session* s) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  must(ol_start_lora_gradients(s, w.model.get(), w.adapter.get(), &set, &job));
  return job;
}

ol_job* lora_train(world& w, ol_session* s) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  must(ol_start_lora_train(s, w.model.get(), w.adapter.get(), nullptr, &set, &steps, &optimizer, &job));
  return job;
}

ol_job* fit_basis(world& w, ol_session* s) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  must(ol_start_fit_basis(s, w.model.get(), w.adapter.get(), &set, 0.1, 4, 1, &job));
  return job;
}

// Some of the gradients are kept between the passes, and some are made again.
ol_job* fit_factored(world& w, ol_session* s) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  const ol_factored_terms terms{0.1, 3, 64, 1};
  must(ol_start_fit_factored(s, w.model.get(), w.adapter.get(), &set, &terms, 1, 20000, &job));
  return job;
}

const std::vector<std::pair<const char*, start>> kinds{
    {"evaluate f32", [](world& w, ol_session* s) { return evaluate(w, s, OL_ARITHMETIC_F32); }},
    {"evaluate q8", [](world& w, ol_session* s) { return evaluate(w, s, OL_ARITHMETIC_Q8); }},
    {"generate f32", [](world& w, ol_session* s) { return generate(w, s, OL_ARITHMETIC_F32); }},
    {"generate q8", [](world& w, ol_session* s) { return generate(w, s, OL_ARITHMETIC_Q8); }},
    {"gradients", gradients},
    {"lora gradients", lora_gradients},
    {"lora training", lora_train},
    {"basis", fit_basis},
    {"factored basis", fit_factored},
};

void pretrain(world& w) {
  int64_t tensors = 0;
  must(ol_model_tensor_count(&w.config, &tensors));
  ol_tensor_info last;
  must(ol_model_tensor(&w.config, tensors - 1, &last));
  const size_t count = static_cast<size_t>(last.offset + last.count);
  std::vector<float> flat(count), m(count), v(count);
  must(ol_model_init(&w.config, 5, flat.data(), count));
  const ol_examples set = w.set.view();
  hash64 first;
  for (const char* isa : instruction_sets()) {
    const session_ptr session = open_session(isa, 2, 32);
    ol_trainer* made = nullptr;
    must(ol_trainer_create(&w.config, flat.data(), nullptr, nullptr, count, 0, &made));
    const trainer_ptr trainer(made);
    ol_job* job = nullptr;
    must(ol_start_pretrain(session.get(), trainer.get(), &set, &steps, &optimizer, &job));
    const job_ptr held(job);
    hash64 hash = outputs_of(job);
    std::vector<float> weights(count);
    int64_t step = 0;
    must(ol_trainer_read(trainer.get(), weights.data(), m.data(), v.data(), count, &step));
    CHECK(step == 3);
    hash.add(weights);
    hash.add(v);
    if (isa == std::string("scalar")) first = hash;
    CHECK(hash.state == first.state);
  }
  report("pretraining", first);
}

void same_everywhere(const format_case& format) {
  world w(format);
  for (const auto& [name, begin] : kinds) {
    hash64 want;
    for (const char* isa : instruction_sets()) {
      for (const int threads : {1, 2}) {
        const session_ptr session = open_session(isa, threads, threads == 1 ? 0 : 20);
        const job_ptr job(begin(w, session.get()));
        const hash64 got = outputs_of(job.get());
        if (isa == std::string("scalar") && threads == 1) want = got;
        if (got.state != want.state) {
          std::printf("DIFFERS %s %s %s %d threads\n", name, format.name, isa, threads);
          std::exit(1);
        }
      }
    }
    report(std::string(name) + " " + format.name, want);
  }
}

// Handles may go in any order while jobs run; a job that is dropped is cancelled.
void dropped(const format_case& format, int rounds) {
  random_numbers random{11};
  for (int round = 0; round < rounds; ++round) {
    auto w = std::make_unique<world>(format);
    session_ptr session = open_session("", 2, 16);
    std::vector<job_ptr> jobs;
    for (int i = 0; i < 3; ++i) jobs.emplace_back(kinds[random.below(kinds.size())].second(*w, session.get()));
    if (random.below(2)) w.reset();
    session.reset();
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(4000)));
    if (random.below(2)) ol_job_cancel(jobs[0].get());
    const int32_t state = wait_for(jobs[0].get()).state;
    CHECK(state == OL_DONE || state == OL_CANCELLED);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int scale = scale_of(argc, argv);
  for (const format_case& format : all_formats()) {
    if (format.values == 256) continue;  // wider than this model
    if (scale == 1 && format.number != OL_FORMAT_F32 && format.number != OL_FORMAT_Q4_1) continue;
    same_everywhere(format);
  }
  world w(all_formats()[0]);
  pretrain(w);
  dropped(all_formats()[5], 5 * scale);
}
