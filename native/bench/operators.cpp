// Every operator at the shapes of real models. `gpu_operators --compare`: one run on the CPU and one on CUDA, all bytes compared; exit
// status 1: they differ; 3: it could not run. `gpu_operators --time`: how long each takes on CUDA. Prints Markdown. `--seconds N`: what does not fit is named.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <new>
#include <thread>

#include "bench/budget.h"
#include "bench/cases.h"
#include "bench/timing.h"
#include "core/error.h"
#include "core/session.h"
#include "cpu/backend.h"
#include "cuda/check.h"
#include "cuda/stream.h"

using namespace ol;
using namespace ol::bench;

namespace {

std::string title(const operator_case& c) {
  return c.model + ": " + c.name + " " + c.shape + (c.tokens ? ", " + std::to_string(c.tokens) + " rows" : "");
}

// What there was no time or memory for, by reason.
class left_out {
 public:
  void add(const operator_case& c, const std::string& why) { by_reason_[why].push_back(title(c)); }
  void print() const {
    for (const auto& [why, names] : by_reason_) {
      std::printf("\nLeft out (%s), %zu:", why.c_str(), names.size());
      for (size_t i = 0; i < names.size(); ++i) std::printf("%s %s", i ? ";" : "", names[i].c_str());
      std::printf(".\n");
    }
  }

 private:
  std::map<std::string, std::vector<std::string>> by_reason_;
};

const char* const no_time = "for want of time";
const char* const no_memory = "for want of memory";

// Runs `body`; where it fails the case is left out with the reason. True if the device or the host failed, other than by memory.
bool failed_at(const operator_case& c, left_out& left, const std::function<void()>& body) {
  try {
    body();
  } catch (const failure& f) {
    left.add(c, f.status() == OL_ERROR_MEMORY ? no_memory : f.what());
    return f.status() != OL_ERROR_MEMORY;
  } catch (const std::bad_alloc&) {
    left.add(c, no_memory);
  }
  return false;
}

std::vector<float> read(backend& device, const float* memory, size_t count) {
  std::vector<float> host(count);
  device.download(host.data(), memory, count * sizeof(float));
  device.finish();
  return host;
}

// ---- comparison ----

size_t different_values(const operator_case& c, backend& cpu, filler& on_cpu, backend& cuda, filler& on_cuda, size_t* compared) {
  workspace a(cpu, on_cpu, 0), b(cuda, on_cuda, 0);
  on_cpu.restart();
  on_cuda.restart();
  const prepared first = c.make(a), second = c.make(b);
  second.run(0);
  first.run(0);
  size_t different = 0;
  for (size_t i = 0; i < a.outputs().size(); ++i) {
    const size_t count = a.outputs()[i].second;
    const std::vector<float> want = read(cpu, a.outputs()[i].first, count), got = read(cuda, b.outputs()[i].first, count);
    *compared += count;
    if (std::memcmp(want.data(), got.data(), count * sizeof(float)) == 0) continue;
    for (size_t v = 0; v < count; ++v) different += std::memcmp(&want[v], &got[v], sizeof(float)) != 0;
  }
  return different;
}

// A case that would take longer than what is left is not begun: 5 GFLOP/s a thread at least are taken for granted.
bool fits(const operator_case& c, const budget& time, unsigned threads) {
  return time.left() > 0 && c.flops / (5e9 * threads) < time.left();
}

int compare(const budget& time) {
  const unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  const auto cpu = make_cpu_backend(static_cast<int>(threads), best_isa()), cuda = make_cuda_backend();
  filler on_cpu(*cpu), on_cuda(*cuda);
  const size_t host = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  left_out left;
  int different_cases = 0, done = 0;
  bool failed = false;
  size_t values = 0;
  case_list cases = all_cases();
  // The cheapest first, so that a slow processor leaves out few.
  std::stable_sort(cases.begin(), cases.end(),
                   [](const operator_case& x, const operator_case& y) { return x.flops + 10 * x.bytes < y.flops + 10 * y.bytes; });
  for (const auto& c : cases) {
    if (!fits(c, time, threads)) {
      left.add(c, no_time);
      continue;
    }
    if (c.memory > host / 8 || c.memory > free_memory() / 2) {
      left.add(c, no_memory);
      continue;
    }
    failed |= failed_at(c, left, [&] {
      const size_t different = different_values(c, *cpu, on_cpu, *cuda, on_cuda, &values);
      ++done;
      if (different == 0) return;
      ++different_cases;
      std::printf("DIFFERS %s: %zu values\n", title(c).c_str(), different);
      std::fflush(stdout);
    });
  }
  std::printf("%d operators at real shapes compared with the CPU (%s, %u threads), %.1f million values, %d differ.\n", done,
              isa_name(best_isa()), threads, static_cast<double>(values) * 1e-6, different_cases);
  left.print();
  return failed ? 3 : different_cases != 0;
}

// ---- times ----

std::string with_unit(double value, const char* unit, double by) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f %s", value * by < 10 ? 2 : value * by < 100 ? 1 : 0, value * by, unit);
  return text;
}

struct peer_times {
  double plain = 0, pedantic = 0;  // seconds; 0: not there
  bool same = true;                // about the same numbers came out
};

const size_t looked_at = 4096;

// Both from zeros: the largest difference beside the largest value.
bool agrees(workspace& w, const prepared& p, cublas& peer) {
  const auto [memory, count] = w.outputs().front();
  const size_t n = std::min(count, looked_at);
  w.device.zero(memory, count * sizeof(float));
  p.run(0);
  const std::vector<float> ours = read(w.device, memory, n);
  w.device.zero(memory, count * sizeof(float));
  if (!peer.multiply(p.peer(0))) return false;
  const std::vector<float> theirs = read(w.device, memory, n);
  double largest = 0, apart = 0;
  for (size_t i = 0; i < n; ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(ours[i])));
    apart = std::max(apart, std::fabs(static_cast<double>(ours[i]) - theirs[i]));
  }
  return largest > 0 && apart <= 1e-4 * largest;
}

peer_times time_peer(workspace& w, const prepared& p, cublas& peer, event_clock& clock) {
  peer_times out;
  if (!peer.there() || !p.peer) return out;
  peer.set_pedantic(false);
  out.same = agrees(w, p, peer);
  if (!out.same) return out;
  out.plain = clock.median([&](size_t i) { peer.multiply(p.peer(i)); });
  if (peer.set_pedantic(true)) out.pedantic = clock.median([&](size_t i) { peer.multiply(p.peer(i)); });
  return out;
}

std::string peer_cell(const peer_times& times, double seconds) {
  if (!times.same) return "| another result | |";
  if (times.plain == 0) return "| | |";
  char text[96];
  std::snprintf(text, sizeof text, "| %.1f / %.1f | %.2f |", times.plain * 1e6, times.pedantic * 1e6, times.plain / seconds);
  return text;
}

// Beside what the card would need at least, by its own measured peaks.
void print_row(const operator_case& c, double seconds, const peer_times& peer, const peaks& top) {
  const double by_flops = c.flops / top.flops, by_bytes = c.bytes / top.bytes;
  std::printf("| %s | %s | %s | %.1f | %s | %s | %.0f %% of %s %s\n", c.name.c_str(), c.shape.c_str(),
              c.tokens ? std::to_string(c.tokens).c_str() : "", seconds * 1e6,
              c.flops > 0 ? with_unit(c.flops / seconds, "GFLOP/s", 1e-9).c_str() : "",
              with_unit(c.bytes / seconds, "GB/s", 1e-9).c_str(), 100 * std::max(by_flops, by_bytes) / seconds,
              by_flops > by_bytes ? "FMA" : "copy", peer_cell(peer, seconds).c_str());
  std::fflush(stdout);
}

void print_head(const std::string& model) {
  std::printf("\n### %s\n\n| operator | shape | rows | µs | | | of the peak | cuBLAS, µs: default / pedantic | cuBLAS's time / ours |\n"
              "|---|---|---|---|---|---|---|---|---|\n", model.c_str());
}

int time_all(const budget& time) {
  const auto cuda = make_cuda_backend();
  filler values(*cuda);
  event_clock clock(stream_of(*cuda));
  cublas peer(stream_of(*cuda));
  const peaks top = measure_peaks(*cuda, clock);
  const size_t pool = pool_bytes();
  std::printf("Peaks of this card, measured: %s of fused multiply-adds in fp32, %s of a copy (read and written). %d multiprocessors.\n",
              with_unit(top.flops, "GFLOP/s", 1e-9).c_str(), with_unit(top.bytes, "GB/s", 1e-9).c_str(), processors());
  std::printf("cuBLAS, fp32 without TF32: %s%s.\n", peer.there() ? "" : "not there: ", peer.says().c_str());
  std::printf("Weights go round %.0f MB, so that none is in the cache when it is its turn; inputs and outputs may be.\n",
              static_cast<double>(pool) * 1e-6);
  left_out left;
  bool failed = false;
  std::string model;
  for (const auto& c : all_cases()) {
    if (time.over()) {
      left.add(c, no_time);
      continue;
    }
    if (c.memory + 2 * pool > free_memory() / 10 * 8) {
      left.add(c, no_memory);
      continue;
    }
    if (c.model != model) print_head(model = c.model);
    failed |= failed_at(c, left, [&] {
      workspace w(*cuda, values, pool);
      const prepared p = c.make(w);
      const double seconds = clock.median(p.run);
      print_row(c, seconds, time_peer(w, p, peer, clock), top);
    });
  }
  left.print();
  return failed ? 3 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const budget time(seconds_of(argc, argv, "--seconds"));
  try {
    return has_word(argc, argv, "--time") ? time_all(time) : compare(time);
  } catch (const failure& f) {
    std::printf("\nFAILED: %s\n", f.what());
  } catch (const std::exception& e) {
    std::printf("\nFAILED: %s\n", e.what());
  }
  return 3;
}
