// How fast the serving engine answers on CUDA: 1, 8 and 64 requests at once, and 64 requests by as many adapters beside the base alone.
// Prints Markdown. `--seconds N`.
#include <string>

#include "bench/budget.h"
#include "bench/made_model.h"
#include "requests.h"

using namespace ol::bench;

namespace {

using clock_type = std::chrono::steady_clock;

const int prompt_tokens = OL_EMULATED ? 4 : 64;
const int most_answer = OL_EMULATED ? 3 : 128, least_answer = OL_EMULATED ? 3 : 8;
const int page_tokens = 16;

struct measured {
  double first = 0;   // seconds to the last request's first token
  double decode = 0;  // seconds from then on
  int64_t tokens = 0;  // that came in these
};

ol_engine* new_engine(ol_session* session, const ol_model* model, int requests, int32_t arithmetic) {
  const int pages = requests * ((prompt_tokens + most_answer) / page_tokens + 1);
  const ol_engine_options options{requests, requests, 1024, page_tokens, pages, 0, arithmetic};
  ol_engine* made = nullptr;
  return ol_engine_create(session, model, &options, &made) == OL_OK ? made : nullptr;
}

// All requests at once; adapters: one a request, or none.
measured answer_all(ol_engine* engine, const ol_config& config, int requests, int tokens, const std::vector<adapter_ptr>& adapters) {
  random_numbers random{7};
  const auto from = clock_type::now();
  for (int i = 0; i < requests; ++i) {
    request_case r;
    r.prompt.resize(static_cast<size_t>(prompt_tokens));
    for (int32_t& id : r.prompt) id = static_cast<int32_t>(random.below(static_cast<uint32_t>(config.vocab)));
    r.max_tokens = tokens;
    r.top = 0;
    r.adapter = adapters.empty() ? nullptr : adapters[static_cast<size_t>(i) % adapters.size()].get();
    r.sampling = {0, 0, 0, 0, 1000000, 1000, 0};
    CHECK(submit(engine, r, 1, 0) != 0);
  }
  std::map<uint64_t, answer> answers;
  measured out;
  int64_t before = 0;
  clock_type::time_point began{};
  for (size_t ended = 0; ended < static_cast<size_t>(requests);) {
    ended += take(engine, answers);
    if (out.first > 0 || answers.size() < static_cast<size_t>(requests)) continue;
    out.first = since(from);
    began = clock_type::now();
    for (const auto& [id, got] : answers) before += static_cast<int64_t>(got.tokens.size());
  }
  out.decode = since(began);
  for (const auto& [id, got] : answers) {
    CHECK(got.ended == OL_ENDED_LENGTH);
    out.tokens += static_cast<int64_t>(got.tokens.size());
  }
  out.tokens -= before;
  return out;
}

// A short round first: it warms up, and says how long an answer may be.
measured measure(ol_engine* engine, const ol_config& config, int requests, const std::vector<adapter_ptr>& adapters, double seconds,
                 int* tokens) {
  const measured short_round = answer_all(engine, config, requests, least_answer, adapters);
  const double step = short_round.decode / std::max(1, least_answer - 1);
  const double room = step > 0 ? (seconds - short_round.first) / step : most_answer;
  *tokens = std::max(least_answer, static_cast<int>(std::min<double>(most_answer, room)));
  return answer_all(engine, config, requests, *tokens, adapters);
}

struct row {
  std::string name;
  int requests;
  bool own_adapters;
  int32_t arithmetic;
};

void print(const row& r, const measured& m, int tokens, double beside) {
  char ratio[32] = "";
  const double rate = m.decode > 0 ? static_cast<double>(m.tokens) / m.decode : 0;
  if (beside > 0) std::snprintf(ratio, sizeof ratio, "%.2f", rate / beside);
  std::printf("| %s | %d | %d + %d | %.1f | %.1f | %s |\n", r.name.c_str(), r.requests, prompt_tokens, tokens, m.first * 1e3, rate, ratio);
  std::fflush(stdout);
}

std::vector<row> rows_of(int32_t arithmetic, const std::string& name) {
  std::vector<row> list;
  for (const int requests : OL_EMULATED ? std::vector<int>{1, 3} : std::vector<int>{1, 8, 64})
    list.push_back({name, requests, false, arithmetic});
  row own = list.back();
  own.name += ", an adapter each";
  own.own_adapters = true;
  list.push_back(own);
  return list;
}

void part(ol_session* session, const format_case& format, int32_t arithmetic, const std::string& name, const budget& time) {
  const ol_config config = made_config();
  const model_ptr model = small_model(config, format, 3);
  double base = 0;  // of the most requests without adapters
  for (const row& r : rows_of(arithmetic, name)) {
    if (time.left() < 2 && !OL_EMULATED) {
      std::printf("| %s | %d | left out for want of time | | | |\n", r.name.c_str(), r.requests);
      continue;
    }
    std::vector<adapter_ptr> adapters;
    for (int i = 0; r.own_adapters && i < r.requests; ++i) adapters.push_back(small_adapter(config, made_rank, 100u + static_cast<uint32_t>(i)));
    const engine_ptr engine(new_engine(session, model.get(), r.requests, r.arithmetic));
    if (!engine) {
      std::printf("| %s | %d | left out: %s | | | |\n", r.name.c_str(), r.requests, ol_error_text());
      continue;
    }
    int tokens = 0;
    const measured m = measure(engine.get(), config, r.requests, adapters, time.left() / 4, &tokens);
    print(r, m, tokens, r.own_adapters ? base : 0);
    if (!r.own_adapters && m.decode > 0) base = static_cast<double>(m.tokens) / m.decode;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const budget time(seconds_of(argc, argv, "--seconds"));
  need_cuda();
  const session_ptr session = open_session("", 0, 0, "cuda");
  std::printf("A model of %s with weights from a seed; adapters of rank %d on all linears; greedy. Tokens a second are of all requests "
              "together, after each has its first token.\n\n", made_shape, made_rank);
  std::printf("| weights, arithmetic | requests | prompt + answer tokens | last first token, ms | tokens a second | of the base alone |\n"
              "|---|---|---|---|---|---|\n");
  const auto formats = all_formats();
  part(session.get(), formats[2], OL_ARITHMETIC_F32, "BF16, f32", time);
  part(session.get(), formats[3], OL_ARITHMETIC_Q8, "Q8_0, q8", time);
  return 0;
}
