// The serving engine under random requests, cancels and deadlines: what is not cut short has the same tokens alone and in any
// company; no page and no slot is lost; an engine may go in the middle of it.
#include "requests.h"

namespace {

answer alone(ol_session* session, const ol_model* model, const request_case& r, int32_t arithmetic) {
  const engine_ptr engine = open_engine(session, model, 1, 32, arithmetic);
  std::map<uint64_t, answer> answers;
  const uint64_t id = submit(engine.get(), r, 1, 0);
  while (take(engine.get(), answers) == 0) {
  }
  return answers[id];
}

void random_company(int32_t arithmetic, const format_case& format, int requests) {
  const ol_config config = small_config();
  const model_ptr model = small_model(config, format, 3);
  std::vector<adapter_ptr> adapters;
  for (int i = 0; i < 3; ++i) adapters.push_back(small_adapter(config, 1 + 3 * i, 20u + static_cast<uint32_t>(i)));
  const session_ptr session = open_session("", 2);
  const engine_ptr engine = open_engine(session.get(), model.get(), 8, 90, arithmetic);
  random_numbers random{31};
  std::map<uint64_t, answer> answers;
  std::map<uint64_t, request_case> asked;
  size_t ended = 0;
  for (int i = 0; i < requests; ++i) {
    request_case made = make_request(random, config, adapters);
    uint64_t id = 0;
    while ((id = submit(engine.get(), made, random.below(5), random.below(20) == 0 ? 1 : 0)) == 0) {
      ended += take(engine.get(), answers);
    }
    asked[id] = std::move(made);
    if (random.below(4) == 0) ol_engine_cancel(engine.get(), id - random.below(5));
    ended += take(engine.get(), answers);
  }
  while (ended < asked.size()) ended += take(engine.get(), answers);
  ol_engine_state state;
  must(ol_engine_status(engine.get(), &state));
  CHECK(state.running == 0 && state.waiting == 0 && state.free_pages == 90);
  hash64 hash;
  int compared = 0;
  for (const auto& [id, request] : asked) {
    const answer& got = answers[id];
    CHECK(got.ended != OL_TOKEN && got.ended != OL_ENDED_FAILED);
    if (compared >= 30 || got.ended == OL_ENDED_CANCELLED || got.ended == OL_ENDED_DEADLINE) continue;
    ++compared;
    const answer want = alone(session.get(), model.get(), request, arithmetic);
    CHECK(want.tokens == got.tokens && want.logprobs == got.logprobs && want.ended == got.ended);
  }
  CHECK(compared > 3);
  // Which requests were cut short hangs on the clock: the hash is of fresh ones.
  random_numbers fresh{77};
  for (int i = 0; i < 5; ++i) {
    const answer told = alone(session.get(), model.get(), make_request(fresh, config, adapters), arithmetic);
    hash.add(told.tokens);
    hash.add(told.logprobs);
  }
  report(std::string("serving ") + format.name + (arithmetic ? " q8" : " f32"), hash);
}

void closed_in_the_middle(int rounds) {
  const ol_config config = small_config();
  random_numbers random{41};
  for (int round = 0; round < rounds; ++round) {
    model_ptr model = small_model(config, all_formats()[3], 3);
    session_ptr session = open_session("", 2);
    std::vector<adapter_ptr> adapters;
    adapters.push_back(small_adapter(config, 2, 1));
    engine_ptr engine = open_engine(session.get(), model.get(), 4, 60, OL_ARITHMETIC_Q8);
    for (int i = 0; i < 10; ++i) submit(engine.get(), make_request(random, config, adapters), 1, 0);
    model.reset();
    session.reset();
    adapters.clear();
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(3000)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int scale = scale_of(argc, argv);
  random_company(OL_ARITHMETIC_F32, all_formats()[0], 60 * scale);
  random_company(OL_ARITHMETIC_Q8, all_formats()[5], 60 * scale);
  closed_in_the_middle(3 * scale);
}
