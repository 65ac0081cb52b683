// A norm with the residual before it and products behind it, and what comes between these and attention, beside the separate
// operations that the CPU makes of it.
#include <memory>

#include "core/format.h"
#include "cuda/compare.h"
#include "openledger.h"

namespace ol {
namespace {

// A weight of small scales in a format, or of fp32 values (0).
struct some_weight {
  some_weight(bench& b, int32_t format, int out, int in) {
    made.out = out;
    made.in = in;
    if (format == 0) {
      made.weight = b.in(static_cast<size_t>(out) * in);
      b.device.pack(made, false);
      return;
    }
    const format_info& info = info_of(format);
    std::vector<uint8_t> bytes(row_bytes(format, in) * static_cast<size_t>(out));
    for (size_t at = 0; at < bytes.size(); at += info.bytes)
      for (int i = 0; i < info.bytes; i += 2) {
        const bool half = i >= info.half_first && i < info.half_last;
        const uint16_t any = static_cast<uint16_t>(b.random.next() >> 8);
        const uint16_t two = half || info.values == 1 ? static_cast<uint16_t>((any & 0x83ffu) | 0x2400u) : any;
        std::memcpy(&bytes[at + i], &two, static_cast<size_t>(info.bytes - i < 2 ? 1 : 2));
      }
    stored = std::make_unique<stored_matrix>(matrix_of(format, out, in, bytes.data(), bytes.size()));
    made.stored = stored.get();
    made.packed = b.device.keep(*stored);
  }
  linear_weight made;
  std::unique_ptr<stored_matrix> stored;
};

norm_args norm_of(bench& b, int tokens, int n, bool added) {
  const size_t values = static_cast<size_t>(tokens) * n;
  norm_args a{b.in(values), added ? b.in(values) : nullptr, b.in(n), nullptr, nullptr, nullptr, n, 1e-5f};
  if (added) a.sum = b.out(values);
  a.rstd = b.in(tokens);
  return a;
}

void products(comparison& compare, const std::string& name, const std::vector<int32_t>& formats, bool q8, int n) {
  for (const int tokens : {1, 3, 16, 17})
    for (const bool added : {false, true}) {
      const int outs[] = {70, 33, 32};
      compare("norm_linears " + name, [&](bench& b) {
        norm_args a = norm_of(b, tokens, n, added);
        a.norm = b.out(static_cast<size_t>(tokens) * n);
        std::vector<some_weight> w;
        for (size_t i = 0; i < formats.size(); ++i) w.emplace_back(b, formats[i], outs[i], n);
        std::vector<linear_product> list;
        for (auto& one : w) {
          one.made.q8 = q8 && one.stored && info_of(one.stored->format()).values > 1;
          list.push_back({b.out(static_cast<size_t>(tokens) * one.made.out), &one.made});
        }
        b.device.norm_linears(a, list.data(), static_cast<int>(list.size()), tokens);
        b.device.finish();
      });
      if (formats.size() < 2) continue;
      compare("norm_swiglu " + name, [&](bench& b) {
        norm_args a = norm_of(b, tokens, n, added);
        a.norm = b.in(static_cast<size_t>(tokens) * n);
        some_weight gate(b, formats[0], 70, n), up(b, formats[1], 70, n);
        for (auto* one : {&gate, &up}) one->made.q8 = q8 && one->stored && info_of(one->stored->format()).values > 1;
        const size_t inner = static_cast<size_t>(tokens) * 70;
        float *h = b.out(inner), *y = b.in(inner), *z = b.in(inner);
        b.device.norm_swiglu(h, a, {y, &gate.made}, {z, &up.made}, tokens);
        b.device.finish();
      });
    }
}

// Heads of an odd number of pairs, and of more values than threads; keys and values to scattered rows, or where they are.
void heads(comparison& compare) {
  for (const int hd : {2, 10, 64, 130})
    for (const int kinds : {0, 1, 2, 3, 7})
      compare("finish_heads " + std::to_string(hd), [&](bench& b) {
        const bool biased = kinds & 1, normed = kinds & 2, scattered = kinds & 4;
        const int tokens = 9, heads = 6, kv_heads = 2, positions = 50;
        const size_t q = static_cast<size_t>(tokens) * heads * hd, kv = static_cast<size_t>(tokens) * kv_heads * hd;
        const size_t table = static_cast<size_t>(positions) * hd / 2;
        heads_args a{};
        a.heads = heads;
        a.kv_heads = kv_heads;
        a.head_dim = hd;
        a.eps = 1e-6f;
        a.q = b.out(q);
        float *k = scattered ? b.in(kv) : b.out(kv), *v = scattered ? b.in(kv) : b.out(kv);
        a.k = k;
        a.v = v;
        a.raw_q = normed ? b.in(q) : a.q;
        a.raw_k = normed ? b.in(kv) : k;
        a.rstd = b.in(static_cast<size_t>(tokens) * heads);
        if (biased) {
          a.q_bias = b.in(static_cast<size_t>(heads) * hd);
          a.v_bias = b.in(static_cast<size_t>(kv_heads) * hd);
          if (normed) a.k_bias = b.in(static_cast<size_t>(kv_heads) * hd);
        }
        if (normed) {
          a.q_norm = b.in(hd);
          a.k_norm = b.in(hd);
        }
        a.positions = b.in(b.random.integers(tokens, positions));
        a.cosine = b.in(table);
        a.sine = b.in(table);
        a.keys = k;
        a.values = v;
        if (scattered) {
          a.slots = b.in(std::vector<int32_t>{19, 3, 0, 7, 8, 11, 2, 18, 5});
          a.keys = b.out(kv / tokens * 20);
          a.values = b.out(kv / tokens * 20);
        }
        b.device.finish_heads(a, tokens);
      });
}

}  // namespace

void compare_fused(comparison& compare) {
  for (const int n : {1, 10, 44, 200}) products(compare, "fp32 " + std::to_string(n), {0, 0, 0}, false, n);
  products(compare, "alone", {}, false, 300);
  products(compare, "fp32 and stored", {0, OL_FORMAT_BF16, OL_FORMAT_F16}, false, 83);
  products(compare, "stored", {OL_FORMAT_Q4_0, OL_FORMAT_Q8_0, OL_FORMAT_Q5_1}, false, 96);
  products(compare, "stored K", {OL_FORMAT_Q4_K, OL_FORMAT_Q4_K, OL_FORMAT_Q6_K}, false, 256);
  products(compare, "q8", {OL_FORMAT_Q8_0, OL_FORMAT_Q4_1, OL_FORMAT_Q5_0}, true, 96);
  products(compare, "q8 K", {OL_FORMAT_Q4_K, OL_FORMAT_Q6_K, OL_FORMAT_Q5_K}, true, 512);
  products(compare, "q8 of long rows", {OL_FORMAT_Q8_0}, true, 4352);
  products(compare, "q8 of two kinds of blocks", {OL_FORMAT_Q6_K, OL_FORMAT_Q8_0, OL_FORMAT_Q4_0}, true, 256);
  products(compare, "q8 and f32", {OL_FORMAT_Q8_0, OL_FORMAT_BF16}, true, 64);
  heads(compare);
}

}  // namespace ol
