// Greedy choices on the device beside what a host makes of the same logits: ties, zeros of both signs, logits that are not
// finite, and larger ones from the limit on.
#include "cuda/compare.h"

namespace ol {

namespace {

// As serve/ looks at logits on the host.
greedy_choice on_host(const float* logits, int limit, float nll) {
  int best = 0;
  for (int i = 1; i < limit; ++i)
    if (logits[i] > logits[best]) best = i;
  float second = -__builtin_inff();
  int finite = 1;
  for (int i = 0; i < limit; ++i) {
    if (i != best && logits[i] > second) second = logits[i];
    if (!(logits[i] - logits[i] == 0.0f)) finite = 0;
  }
  return {best, finite, logits[best], second, nll};
}

// Rows of one kind each.
std::vector<float> rows_of(numbers& random, int kinds, int n, int limit) {
  std::vector<float> all;
  for (int kind = 0; kind < kinds; ++kind) {
    std::vector<float> row = random.floats(n);
    const auto somewhere = [&] { return static_cast<size_t>(random.integers(1, limit)[0]); };
    if (kind == 1) row.assign(n, -2.5f);
    if (kind == 2) {
      for (float& v : row) v = v > 0 ? 0.0f : -0.0f;
    }
    if (kind == 3) row[somewhere()] = row[somewhere()] = row[somewhere()] = 1000.0f;
    if (kind == 4) row[n - 1] = 1001.0f;
    if (kind == 5) row[somewhere()] = -__builtin_inff();
    if (kind == 6) row[somewhere()] = __builtin_inff();
    if (kind == 7) row.assign(n, -__builtin_inff());
    if (kind == 8) row[0] = row[limit - 1] = 1e30f;
    all.insert(all.end(), row.begin(), row.end());
  }
  return all;
}

// A NaN has many forms; a choice that is NaN is refused in whatever form.
void add(std::vector<float>& out, const greedy_choice& c) {
  const bool useless = !(c.nll - c.nll == 0.0f);
  out.push_back(static_cast<float>(c.id));
  out.push_back(static_cast<float>(c.finite));
  for (const float v : {c.logit, c.second, c.nll}) out.push_back(useless || v != v ? -77.0f : v);
}

}  // namespace

void compare_greedy(comparison& compare) {
  const int kinds = 9, sizes[][2] = {{1, 1}, {2, 2}, {9, 8}, {513, 513}, {1030, 1000}, {5003, 4100}};
  for (const auto& size : sizes)
    compare("choose_greedily " + std::to_string(size[0]), [&](bench& b) {
      const int n = size[0], limit = size[1];
      const std::vector<float> logits = rows_of(b.random, kinds, n, limit);
      float* on_device = b.in(logits);
      device_array<greedy_choice> choices(b.device, kinds);
      std::vector<greedy_choice> made(kinds);
      if (b.device.choose_greedily(choices.get(), on_device, kinds, n, limit)) {
        b.device.download(made.data(), choices.get(), kinds * sizeof(greedy_choice));
        b.device.finish();
      } else {
        std::vector<int32_t> targets;
        for (int r = 0; r < kinds; ++r) {
          made[r] = on_host(logits.data() + static_cast<size_t>(r) * n, limit, 0.0f);
          targets.push_back(made[r].id);
        }
        std::vector<float> nll(kinds);
        float* losses = b.in(nll);
        b.device.loss(on_device, losses, b.in(targets), nullptr, kinds, n, false);
        b.device.download(nll.data(), losses, kinds * sizeof(float));
        b.device.finish();
        for (int r = 0; r < kinds; ++r) made[r].nll = nll[r];
      }
      std::vector<float> out;
      for (const greedy_choice& c : made) add(out, c);
      b.out(out);
    });
  // Logits that are no number break their row alone.
  compare("choose_greedily NaN", [&](bench& b) {
    std::vector<float> logits = b.random.floats(3 * 700);
    logits[599] = logits[700] = __builtin_nanf("");
    float* on_device = b.in(logits);
    device_array<greedy_choice> choices(b.device, 3);
    std::vector<greedy_choice> made(3);
    const bool there = b.device.choose_greedily(choices.get(), on_device, 3, 700, 600);
    if (there) b.device.download(made.data(), choices.get(), 3 * sizeof(greedy_choice));
    b.device.finish();
    std::vector<float> out;
    for (int r = 0; r < 3; ++r) out.push_back(static_cast<float>(there ? made[r].finite : r == 2));
    b.out(out);
  });
}

}  // namespace ol
