// The choice of each row of logits by spec.md's "Sampling": no logit leaves the device. One block a row.
//
// The order of the weights (descending, then ids ascending) is never made. What is asked of it is at which entry a running count or
// sum comes to a target: whole numbers, which any order of addition gives alike. The weights fall into buckets; the one that
// holds the entry is divided into buckets again, until it holds one weight only.
#include "core/backend.h"
#include "core/sampling_rule.h"
#include "cuda/launch.h"
#include "cuda/leaders.cuh"
#include "cuda/loss_row.cuh"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

const int threads = 512, buckets = threads;
typedef unsigned long long whole;  // as atomicAdd has it

struct choice_memory {
  leaders all[threads];
  whole sums[buckets], counts[buckets];
  whole first_sums[buckets], first_counts[buckets];  // of all weights, from each bucket on
  whole found[4];                                    // of bucket_of, on its way to all threads
  int broken, id;
};

__device__ __forceinline__ int thread() { return static_cast<int>(threadIdx.x); }

// Sixteen buckets for each doubling; below 16 one for each weight. At most 433 of them.
__device__ __forceinline__ int first_bucket(uint32_t weight) {
  if (weight < 16) return static_cast<int>(weight);
  const int shift = 27 - __clz(static_cast<int>(weight));
  return (shift + 1) * 16 + static_cast<int>(weight >> shift & 15u);
}

// Each thread's numbers become sums over the threads from the last one down to it.
__device__ void sum_from_top(choice_memory& m) {
  for (int step = 1; step < threads; step *= 2) {
    const bool adds = thread() + step < threads;
    const whole sum = adds ? m.sums[thread() + step] : 0, count = adds ? m.counts[thread() + step] : 0;
    __syncthreads();
    m.sums[thread()] += sum;
    m.counts[thread()] += count;
    __syncthreads();
  }
}

// An entry of the weights in their order: its weight, and what comes before the first entry of that weight.
struct entry {
  uint32_t weight;
  whole count_before, sum_before;
};

// Sums and counts of buckets, from each on, of the weights within [low, low + 2^bits), `shift` bits narrower each.
__device__ void fill_buckets(choice_memory& m, const float* weights, int n, uint32_t low, int bits, int shift) {
  m.sums[thread()] = m.counts[thread()] = 0;
  __syncthreads();
  for (int i = thread(); i < n; i += threads) {
    const uint32_t w = ol_bits(weights[i]);
    if (w == 0 || (w - low) >> bits != 0) continue;
    atomicAdd(&m.sums[(w - low) >> shift], static_cast<whole>(w));
    atomicAdd(&m.counts[(w - low) >> shift], whole{1});
  }
  __syncthreads();
  sum_from_top(m);
}

// The bucket that holds the entry with which the running count, or the running sum, comes to `target`, where `before` stands before
// all of them; `before` then stands before the bucket, and has its weight if it holds only one.
__device__ int bucket_of(choice_memory& m, const whole* sums, const whole* counts, whole target, bool by_count, entry& before) {
  const bool last = thread() == buckets - 1;
  const whole next_sum = last ? 0 : sums[thread() + 1], next_count = last ? 0 : counts[thread() + 1];
  const whole own_sum = sums[thread()] - next_sum, own_count = counts[thread()] - next_count;
  const whole from = by_count ? before.count_before + next_count : before.sum_before + next_sum;
  if (from < target && target - from <= (by_count ? own_count : own_sum)) {
    m.found[0] = static_cast<whole>(thread());
    m.found[1] = own_count == 1 ? own_sum : 0;
    m.found[2] = before.count_before + next_count;
    m.found[3] = before.sum_before + next_sum;
  }
  __syncthreads();
  before = {static_cast<uint32_t>(m.found[1]), m.found[2], m.found[3]};
  return static_cast<int>(m.found[0]);
}

// The entry with which the running count, or the running sum, comes to `target`, which is at least 1 and at most all of it.
__device__ entry place_of(choice_memory& m, const float* weights, int n, whole target, bool by_count) {
  entry found{0, 0, 0};
  __syncthreads();  // all have read what was found before
  const uint32_t at = static_cast<uint32_t>(bucket_of(m, m.first_sums, m.first_counts, target, by_count, found));
  int bits = at < 16 ? 0 : static_cast<int>(at / 16) - 1;
  uint32_t low = at < 16 ? at : (at % 16 + 16) << bits;
  while (found.weight == 0 && bits > 0) {
    const int shift = bits > 9 ? bits - 9 : 0;
    fill_buckets(m, weights, n, low, bits, shift);
    low += static_cast<uint32_t>(bucket_of(m, m.sums, m.counts, target, by_count, found)) << shift;
    bits = shift;
  }
  if (found.weight == 0) found.weight = low;
  return found;
}

// The id of the entry that comes `after` others of the same weight.
__device__ int id_of(choice_memory& m, const float* weights, int n, uint32_t weight, whole after) {
  const int each = (n + threads - 1) / threads, first = (threads - 1 - thread()) * each;  // the last threads have the first ids
  const int end = first + each < n ? first + each : n;
  whole own = 0;
  for (int i = first; i < end; ++i) own += ol_bits(weights[i]) == weight;
  m.counts[thread()] = own;
  m.sums[thread()] = 0;
  __syncthreads();
  sum_from_top(m);
  whole before = m.counts[thread()] - own;
  if (before <= after && after < before + own) {
    int i = first;
    for (;; ++i)
      if (ol_bits(weights[i]) == weight && before++ == after) break;
    m.id = i;
  }
  __syncthreads();
  return m.id;
}

// The largest of each thread's `mine`, and of those the one with the lowest id.
__device__ leaders best_of(choice_memory& m, const leaders& mine) {
  m.all[thread()] = mine;
  __syncthreads();
  for (int half = threads / 2; half >= 1; half >>= 1) {
    if (thread() < half) m.all[thread()].add(m.all[thread() + half].first, m.all[thread() + half].first_id);
    __syncthreads();
  }
  const leaders best = m.all[0];
  __syncthreads();
  return best;
}

// This thread's two largest among those that come after the given one.
__device__ leaders own_leaders(const float* x, int n, float value, int id) {
  const float nothing = ol_float(0xff800000u);  // -inf
  leaders mine{nothing, nothing, nobody, nobody};
  for (int i = thread(); i < n; i += threads)
    if (x[i] < value || (x[i] == value && i > id)) mine.add(x[i], i);
  return mine;
}
__device__ leaders own_leaders(const float* x, int n) { return own_leaders(x, n, ol_float(0x7f800000u), -1); }

// The row's likeliest tokens, one after the other: a thread looks again once both of its leaders are taken.
__device__ void tell_likely(choice_memory& m, likely_token* out, const float* x, int n, int wanted, float max, float sum) {
  leaders mine = own_leaders(x, n);
  for (int k = 0; k < wanted && k < n; ++k) {
    const leaders best = best_of(m, mine);
    if (best.first_id == nobody) return;  // the row is broken
    if (thread() == 0) out[k] = {best.first_id, -row_loss(best.first, max, sum)};
    if (mine.first_id != best.first_id) continue;
    mine = mine.second_id != nobody ? leaders{mine.second, ol_float(0xff800000u), mine.second_id, nobody}
                                    : own_leaders(x, n, best.first, best.first_id);
  }
}

// True if all threads say so. Between two calls there is a barrier.
__device__ bool all_of(choice_memory& m, bool fine) {
  if (thread() == 0) m.broken = 0;
  __syncthreads();
  if (!fine) m.broken = 1;
  __syncthreads();
  return m.broken == 0;
}

// values <- the logits below the limit, penalised, then divided by the temperature, if there is one. False: one is not finite.
__device__ bool prepare(choice_memory& m, float* values, const float* logits, int limit, const choice_rule& rule, const int32_t* seen) {
  bool fine = true;
  for (int i = thread(); i < limit; i += threads) {
    values[i] = logits[i];
    fine = fine && ol_sub(logits[i], logits[i]) == 0.0f;
  }
  if (!all_of(m, fine)) return false;
  for (int i = thread(); i < rule.seen; i += threads) {
    const int32_t told = seen[rule.first_seen + i];
    float& v = values[told >> 1];
    v = v > 0.0f ? ol_div(v, rule.repetition) : ol_mul(v, rule.repetition);
    if (told & 1) v = ol_sub(v, rule.presence);
  }
  __syncthreads();
  if (rule.temperature == 0.0f) return true;
  for (int i = thread(); i < limit; i += threads) {
    values[i] = ol_div(values[i], rule.temperature);
    fine = fine && ol_sub(values[i], values[i]) == 0.0f;
  }
  return all_of(m, fine);
}

// Values become weights, whose bits are kept in their place; and their first buckets.
__device__ void weigh(choice_memory& m, float* values, int limit, float max) {
  m.sums[thread()] = m.counts[thread()] = 0;
  __syncthreads();
  for (int i = thread(); i < limit; i += threads) {
    const uint32_t weight = ol_sampling_weight(ol_sub(values[i], max));
    values[i] = ol_float(weight);
    if (weight == 0) continue;
    atomicAdd(&m.sums[first_bucket(weight)], static_cast<whole>(weight));
    atomicAdd(&m.counts[first_bucket(weight)], whole{1});
  }
  __syncthreads();
  sum_from_top(m);
  m.first_sums[thread()] = m.sums[thread()];
  m.first_counts[thread()] = m.counts[thread()];
  __syncthreads();
}

__device__ int sample(choice_memory& m, const float* weights, int limit, const choice_rule& rule) {
  whole sum = m.first_sums[0];
  const whole top_k = static_cast<whole>(rule.top_k);
  if (top_k != 0 && top_k < m.first_counts[0]) {
    const entry last = place_of(m, weights, limit, top_k, true);
    sum = last.sum_before + (top_k - last.count_before) * last.weight;
  }
  if (rule.top_p < 1000000) {
    const whole share = ol_share_of(sum, static_cast<uint32_t>(rule.top_p));
    const entry last = place_of(m, weights, limit, share, false);
    sum = last.sum_before + (share - last.sum_before + last.weight - 1) / last.weight * last.weight;
  }
  const whole mark = ol_high_product(rule.random, sum);
  const entry chosen = place_of(m, weights, limit, mark + 1, false);
  return id_of(m, weights, limit, chosen.weight, (mark - chosen.sum_before) / chosen.weight);
}

struct choice_pointers {
  token_choice* choices;
  likely_token* likely;
  const float* logits;
  const choice_rule* rules;
  const int32_t* seen;
  float* values;  // [rows, limit], then the weights
  int n, limit, most_likely;
};

__global__ void __launch_bounds__(threads) choice_kernel(choice_pointers at) {
  __shared__ choice_memory m;
  const size_t row = blockIdx.x;
  const choice_rule rule = at.rules[row];
  const float* logits = at.logits + row * at.n;
  float* values = at.values + row * at.limit;
  const float max = block_maximum<threads>(logits, at.n), sum = block_exponentials(logits, at.n, max);
  if (rule.likely > 0) tell_likely(m, at.likely + row * at.most_likely, logits, at.n, rule.likely, max, sum);
  const bool fine = prepare(m, values, logits, at.limit, rule, at.seen);
  int id = 0;
  if (fine) {
    const leaders best = best_of(m, own_leaders(values, at.limit));
    id = best.first_id;
    if (rule.temperature != 0.0f) {
      weigh(m, values, at.limit, best.first);
      id = sample(m, values, at.limit, rule);
    }
  }
  if (thread() == 0) at.choices[row] = {id, fine, row_loss(logits[id], max, sum)};
}

}  // namespace

void choose_tokens(cudaStream_t stream, token_choice* choices, likely_token* likely, float* values, const choice_rule* rules,
                   const int32_t* seen, const choice_request& request) {
  const choice_pointers at{choices, likely, request.logits, rules, seen, values, request.n, request.limit, request.likely};
  OL_CUDA_LAUNCH(stream, static_cast<unsigned>(request.rows), threads, choice_kernel, at);
}

}  // namespace cuda
}  // namespace ol
