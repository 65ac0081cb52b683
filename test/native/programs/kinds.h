// What a job of each kind is started with, on any session: small examples of random tokens, an adapter, a plan of steps.
#pragma once
#include <functional>
#include <utility>

#include "common.h"

struct examples {
  std::vector<int32_t> ids, offsets{0};
  std::vector<uint8_t> targets;
  // Each of 2 .. spread + 1 tokens, the second half of which are to be predicted.
  examples(const ol_config& config, int count, random_numbers random, uint32_t spread = 40) {
    for (int e = 0; e < count; ++e) {
      const int length = 2 + static_cast<int>(random.below(spread));
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
  ol_config config;
  model_ptr model;
  adapter_ptr adapter;
  examples set;
  explicit world(const format_case& format, const ol_config& shape = small_config(), uint32_t spread = 40)
      : config(shape),
        model(small_model(config, format, 3)),
        adapter(small_adapter(config, 4, 9)),
        set(config, 6, random_numbers{5}, spread) {}
};

inline const ol_optimizer optimizer{0.9f, 0.999f, 1e-8f, 0.01f, 0.5f, 1e-3, 1e-4, 1, 6, 1};
inline const std::vector<int32_t> order{0, 1, 2, 3, 4, 5, 2, 2}, step_offsets{0, 3, 6, 8};
inline const ol_steps steps{order.data(), step_offsets.data(), 3};

using start = std::function<ol_job*(world&, ol_session*)>;

inline ol_job* evaluate(world& w, ol_session* s, int32_t arithmetic) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  must(ol_start_evaluate(s, w.model.get(), w.adapter.get(), &set, 1, 1, arithmetic, &job));
  return job;
}

// The losses alone, without the states.
inline ol_job* losses(world& w, ol_session* s) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  must(ol_start_evaluate(s, w.model.get(), w.adapter.get(), &set, 0, 0, OL_ARITHMETIC_F32, &job));
  return job;
}

inline ol_job* generate(world& w, ol_session* s, int32_t arithmetic) {
  ol_job* job = nullptr;
  const int32_t stop = 7;
  must(ol_start_generate(s, w.model.get(), w.adapter.get(), w.set.ids.data(), w.set.offsets.data(), 3, 12, &stop, 1, 90,
                         arithmetic, &job));
  return job;
}

inline ol_job* gradients(world& w, ol_session* s) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  must(ol_start_gradients(s, w.model.get(), &set, &job));
  return job;
}

inline ol_job* lora_gradients(world& w, ol_session* s) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  must(ol_start_lora_gradients(s, w.model.get(), w.adapter.get(), &set, &job));
  return job;
}

inline ol_job* lora_train(world& w, ol_session* s) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  must(ol_start_lora_train(s, w.model.get(), w.adapter.get(), nullptr, &set, &steps, &optimizer, &job));
  return job;
}

inline ol_job* fit_basis(world& w, ol_session* s) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  must(ol_start_fit_basis(s, w.model.get(), w.adapter.get(), &set, 0.1, 4, 1, &job));
  return job;
}

// Some of the gradients are kept between the passes, and some are made again.
inline ol_job* fit_factored(world& w, ol_session* s) {
  ol_job* job = nullptr;
  const ol_examples set = w.set.view();
  const ol_factored_terms terms{0.1, 3, 64, 1};
  must(ol_start_fit_factored(s, w.model.get(), w.adapter.get(), &set, &terms, 1, 20000, &job));
  return job;
}

inline const std::vector<std::pair<const char*, start>> kinds{
    {"evaluate f32", [](world& w, ol_session* s) { return evaluate(w, s, OL_ARITHMETIC_F32); }},
    {"evaluate q8", [](world& w, ol_session* s) { return evaluate(w, s, OL_ARITHMETIC_Q8); }},
    {"losses", losses},
    {"generate f32", [](world& w, ol_session* s) { return generate(w, s, OL_ARITHMETIC_F32); }},
    {"generate q8", [](world& w, ol_session* s) { return generate(w, s, OL_ARITHMETIC_Q8); }},
    {"gradients", gradients},
    {"lora gradients", lora_gradients},
    {"lora training", lora_train},
    {"basis", fit_basis},
    {"factored basis", fit_factored},
};

// Three steps of training a whole model from its first weights; the hash of losses, weights and second moments.
inline hash64 pretrained(world& w, ol_session* session) {
  int64_t tensors = 0;
  must(ol_model_tensor_count(&w.config, &tensors));
  ol_tensor_info last;
  must(ol_model_tensor(&w.config, tensors - 1, &last));
  const size_t count = static_cast<size_t>(last.offset + last.count);
  std::vector<float> flat(count), m(count), v(count), weights(count);
  must(ol_model_init(&w.config, 5, flat.data(), count));
  const ol_examples set = w.set.view();
  ol_trainer* made = nullptr;
  must(ol_trainer_create(&w.config, flat.data(), nullptr, nullptr, count, 0, &made));
  const trainer_ptr trainer(made);
  ol_job* job = nullptr;
  must(ol_start_pretrain(session, trainer.get(), &set, &steps, &optimizer, &job));
  const job_ptr held(job);
  hash64 hash = outputs_of(job);
  int64_t step = 0;
  must(ol_trainer_read(trainer.get(), weights.data(), m.data(), v.data(), count, &step));
  CHECK(step == 3);
  hash.add(weights);
  hash.add(v);
  return hash;
}
