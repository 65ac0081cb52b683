// Choices by sampling on the device beside what serve/ makes of the same logits on the host: ties, filters at their ends, penalties,
// padded vocabularies, rows that are not finite.
#include <algorithm>

#include "core/error.h"
#include "core/sampling_rule.h"
#include "cuda/compare.h"
#include "serve/sampling.h"

namespace ol {

namespace {

struct sampling_case {
  std::vector<float> logits;
  std::vector<int32_t> ids;  // the prompt, then the answer
  size_t prompt;
  ol_sampling sampling;
  int likely;
};

std::vector<float> logits_of(numbers& random, int kind, int n, int limit) {
  std::vector<float> row(n);
  for (float& v : row) v = static_cast<float>(static_cast<int32_t>(random.next())) / 2147483648.0f * 8.0f;
  const auto somewhere = [&] { return static_cast<size_t>(random.integers(1, limit)[0]); };
  if (kind == 1) row.assign(n, -2.5f);
  if (kind == 2) {
    for (float& v : row) v = v > 0 ? 0.0f : -0.0f;
  }
  if (kind == 3) row[somewhere()] = row[somewhere()] = row[somewhere()] = 30.0f;
  if (kind == 4) row[n - 1] = 1001.0f;  // beyond the limit, where there is one
  if (kind == 5) {
    for (float& v : row) v = static_cast<float>(static_cast<int>(v));  // ties everywhere
  }
  if (kind == 6) row[somewhere()] = __builtin_inff();
  if (kind == 7) row[somewhere()] = __builtin_nanf("");
  if (kind == 8) row[somewhere()] = -3e38f;  // divided by a small temperature: not finite
  if (kind == 9) row[n - 1] = -__builtin_inff();
  if (kind == 10) row[0] = row[limit - 1] = 40.0f;
  if (kind == 11) row = random.floats(n);
  return row;
}
const int kinds = 12;

sampling_case made_case(numbers& random, int kind, int n, int limit) {
  const int32_t temperatures[] = {0, 1, 200, 900, 1000, 3000, 100000};
  const int32_t shares[] = {1, 1, 300000, 900000, 999999, 1000000, 1000000};
  const auto one_of = [&](const int32_t* list) { return list[random.integers(1, 7)[0]]; };
  const int32_t counts[] = {0, 0, 1, 2, 20, limit, limit + 3}, thousandths[] = {1000, 1000, 1000, 1100, 1, 100000, 700},
                less[] = {0, 0, 0, 100, -2000, 100000, 1};
  sampling_case made;
  made.logits = logits_of(random, kind, n, limit);
  made.ids = random.integers(static_cast<size_t>(random.integers(1, 40)[0]) + 1, n);
  made.prompt = static_cast<size_t>(random.integers(1, static_cast<int>(made.ids.size()))[0]);
  const uint64_t seed = static_cast<uint64_t>(random.next()) << 32 | random.next();
  made.sampling = {seed, random.integers(1, 3)[0], one_of(temperatures), one_of(counts), one_of(shares), one_of(thousandths), one_of(less)};
  made.likely = random.integers(1, 3)[0] == 0 ? random.integers(1, 21)[0] : 0;
  return made;
}

// What is told of a row: of one that is broken, that alone.
void tell(std::vector<float>& out, const token_choice& c, const std::vector<likely_token>& likely, int places) {
  const bool broken = !c.finite || !(c.nll - c.nll == 0.0f);
  out.push_back(broken);
  out.push_back(broken ? 0.0f : static_cast<float>(c.id));
  out.push_back(broken ? 0.0f : c.nll);
  for (int i = 0; i < places; ++i) {
    const bool there = !broken && i < static_cast<int>(likely.size());
    out.push_back(there ? static_cast<float>(likely[i].id) : -1.0f);
    out.push_back(there ? likely[i].logprob : 0.0f);
  }
}

// As serve/ chooses on the host.
void on_host(bench& b, std::vector<float>& out, const std::vector<sampling_case>& cases, const float* on_device, int n, int limit) {
  const int rows = static_cast<int>(cases.size());
  std::vector<token_choice> made(cases.size());
  std::vector<std::vector<likely_token>> likely(cases.size());
  std::vector<int32_t> targets;
  sampler choose;
  for (size_t r = 0; r < cases.size(); ++r) {
    const sampling_case& c = cases[r];
    std::vector<float> row = c.logits;
    made[r].finite = guarded([&] {
      if (c.likely)
        for (const scored& top : top_logprobs(row.data(), n, c.likely)) likely[r].push_back({top.id, top.value});
      made[r].id = choose.choose(row.data(), limit, c.ids.data(), c.prompt, c.ids.data() + c.prompt, c.ids.size() - c.prompt, c.sampling);
    }) == OL_OK;
    targets.push_back(made[r].id);
  }
  std::vector<float> nll(cases.size());
  float* losses = b.in(nll);
  b.device.loss(const_cast<float*>(on_device), losses, b.in(targets), nullptr, rows, n, false);
  b.device.download(nll.data(), losses, nll.size() * sizeof(float));
  b.device.finish();
  for (size_t r = 0; r < cases.size(); ++r) {
    made[r].nll = nll[r];
    tell(out, made[r], likely[r], cases[r].likely);
  }
}

void sample(bench& b, const std::vector<sampling_case>& cases, int n, int limit) {
  std::vector<float> logits, out;
  std::vector<choice_rule> rules;
  std::vector<int32_t> seen;
  int most = 0;
  for (const sampling_case& c : cases) {
    logits.insert(logits.end(), c.logits.begin(), c.logits.end());
    rules.push_back(rule_of(c.sampling, c.ids.size() - c.prompt));
    seen_ids ids;
    ids.look_at({c.ids.begin(), c.ids.begin() + static_cast<ptrdiff_t>(c.prompt)}, c.prompt, limit);
    ids.look_at(c.ids, c.prompt, limit);
    rules.back().first_seen = static_cast<int32_t>(seen.size());
    rules.back().seen = static_cast<int32_t>(ids.list().size());
    seen.insert(seen.end(), ids.list().begin(), ids.list().end());
    most = std::max(most, rules.back().likely = c.likely);
  }
  const float* on_device = b.in(logits);
  const size_t rows = cases.size(), places = rows * static_cast<size_t>(most);
  device_array<token_choice> choices(b.device, rows);
  device_array<likely_token> likely(b.device, places);
  if (b.device.choose_tokens(choices.get(), likely.get(),
                             {on_device, static_cast<int>(rows), n, limit, rules.data(), seen.data(), seen.size(), most})) {
    std::vector<token_choice> made(rows);
    std::vector<likely_token> told(places);
    b.device.download(made.data(), choices.get(), rows * sizeof(token_choice));
    b.device.download(told.data(), likely.get(), places * sizeof(likely_token));
    b.device.finish();
    for (size_t r = 0; r < rows; ++r) {
      const auto first = told.begin() + static_cast<ptrdiff_t>(r) * most;
      tell(out, made[r], {first, first + std::min(cases[r].likely, n)}, cases[r].likely);
    }
  } else {
    on_host(b, out, cases, on_device, n, limit);
  }
  b.out(out);
}

// Draws at both sides of each boundary between eight equal weights, then between two that are not: what comes out is known.
void boundaries(comparison& compare) {
  compare("sampling at boundaries", [&](bench& b) {
    const int n = 9, equal = 8;
    std::vector<float> logits, want;
    std::vector<choice_rule> rules;
    for (int i = 0; i < equal; ++i)
      for (const uint64_t less : {0, 1}) {
        for (int id = 0; id < n; ++id) logits.push_back(id == 4 ? -1e6f : 2.0f);
        choice_rule rule;
        rule.temperature = 1.0f;
        rule.random = static_cast<uint64_t>(i) * (uint64_t{1} << 61) - less;
        rules.push_back(rule);
        const int place = i == 0 && less ? equal - 1 : i - static_cast<int>(less);
        want.push_back(static_cast<float>(place + (place >= 4)));
      }
    const uint64_t first = uint64_t{1} << 30, both = first + ol_sampling_weight(-1.0f);
    for (const uint64_t less : {0, 1}) {
      for (int id = 0; id < n; ++id) logits.push_back(id == 2 ? 1.0f : id == 7 ? 2.0f : -1e6f);
      choice_rule rule;
      rule.temperature = 1.0f;
      // The least number whose draw is the second weight's, and the one before it.
      rule.random = static_cast<uint64_t>(((static_cast<unsigned __int128>(first) << 64) + both - 1) / both) - less;
      rules.push_back(rule);
      want.push_back(less ? 7.0f : 2.0f);
    }
    const int rows = static_cast<int>(rules.size());
    const float* on_device = b.in(logits);
    device_array<token_choice> choices(b.device, rules.size());
    device_array<likely_token> none(b.device, 1);
    if (b.device.choose_tokens(choices.get(), none.get(), {on_device, rows, n, n, rules.data(), nullptr, 0, 0})) {
      std::vector<token_choice> made(rules.size());
      b.device.download(made.data(), choices.get(), made.size() * sizeof(token_choice));
      b.device.finish();
      for (size_t r = 0; r < made.size(); ++r) want[r] = static_cast<float>(made[r].id);
    }
    b.out(want);
  });
}

}  // namespace

void compare_sampling(comparison& compare) {
  const int sizes[][2] = {{1, 1}, {7, 7}, {40, 33}, {513, 513}, {1030, 1000}, {5003, 4100}};
  for (const auto& size : sizes)
    compare("sampling " + std::to_string(size[0]), [&](bench& b) {
      std::vector<sampling_case> cases;
      for (int i = 0; i < (size[0] > 1000 ? 2 : 4) * kinds; ++i) cases.push_back(made_case(b.random, i % kinds, size[0], size[1]));
      sample(b, cases, size[0], size[1]);
    });
  boundaries(compare);
  compare("sampling 150000", [&](bench& b) {
    std::vector<sampling_case> cases;
    for (const int kind : {0, 1, 5}) {
      cases.push_back(made_case(b.random, kind, 150000, 149001));
      cases.back().sampling = {b.random.next(), 0, 1000, kind == 5 ? 40000 : 0, kind == 0 ? 900000 : 999999, 1100, 100};
    }
    sample(b, cases, 150000, 149001);
  });
}

}  // namespace ol
