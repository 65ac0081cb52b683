#include "core/config.h"

#include <cmath>

#include "core/error.h"
#include "core/math64.h"

namespace ol {

static const char* const projection_names[projection_count] = {
    "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
    "mlp.gate_proj",    "mlp.up_proj",      "mlp.down_proj"};

static void check_range(const char* what, int64_t value, int64_t low, int64_t high) {
  if (value < low || value > high) {
    fail(OL_ERROR_CONFIG, std::string(what) + " is " + std::to_string(value) + "; it must be in " +
                              std::to_string(low) + ".." + std::to_string(high));
  }
}

void check_config(const ol_config& c) {
  check_range("vocab size", c.vocab, 1, 1 << 20);
  check_range("hidden size", c.hidden, 1, 1 << 15);
  check_range("layer count", c.layers, 1, 512);
  check_range("head count", c.heads, 1, 512);
  check_range("key-value head count", c.kv_heads, 1, c.heads);
  check_range("head dimension", c.head_dim, 2, 1024);
  check_range("intermediate size", c.intermediate, 1, 1 << 17);
  check_range("maximum position count", c.max_positions, 1, 1 << 20);
  check_range("bias mask", c.biases, 0, (1 << projection_count) - 1);
  if (c.heads % c.kv_heads != 0) fail(OL_ERROR_CONFIG, "the head count is no multiple of the key-value head count");
  if (c.head_dim % 2 != 0) fail(OL_ERROR_CONFIG, "the head dimension must be even for rotary positions");
  if (!(c.rms_eps > 0.0f && c.rms_eps < 1.0f)) fail(OL_ERROR_CONFIG, "the norm's eps must be in (0, 1)");
  if (!(c.rope_theta > 1.0 && c.rope_theta < 1e12)) fail(OL_ERROR_CONFIG, "the rotary base must be in (1, 1e12)");
  if (c.rope_divisor_count) {
    if (c.rope_divisor_count != c.head_dim / 2) fail(OL_ERROR_CONFIG, "one rotary divisor is needed for every pair");
    if (c.rope_llama3) fail(OL_ERROR_CONFIG, "rotary divisors and rotary scaling exclude each other");
    for (int i = 0; i < c.rope_divisor_count; ++i) {
      if (!(c.rope_divisors[i] > 0.0f && c.rope_divisors[i] < 1e9f)) {
        fail(OL_ERROR_CONFIG, "rotary divisors must be positive numbers");
      }
    }
  }
  if (c.rope_llama3) {
    check_range("original position count", c.rope_original_positions, 1, 1 << 24);
    if (!(c.rope_factor >= 1.0 && c.rope_factor < 1e6 && c.rope_low > 0.0 && c.rope_high > c.rope_low &&
          c.rope_high < 1e6)) {
      fail(OL_ERROR_CONFIG, "rotary scaling needs factor >= 1 and 0 < low < high");
    }
  }
}

void check_adapter_shape(const ol_config& c, int rank, int targets) {
  check_range("adapter rank", rank, 1, c.hidden < 1024 ? 1024 : c.hidden);
  if (targets <= 0 || targets >= 1 << projection_count) {
    fail(OL_ERROR_CONFIG, "the adapter's target mask selects no known module");
  }
}

bool same_shape(const ol_config& a, const ol_config& b) {
  return a.vocab == b.vocab && a.hidden == b.hidden && a.layers == b.layers && a.heads == b.heads &&
         a.kv_heads == b.kv_heads && a.head_dim == b.head_dim && a.intermediate == b.intermediate;
}

linear_shape shape_of(const ol_config& c, int proj) {
  const int q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  switch (proj) {
    case proj_q: return {q, c.hidden};
    case proj_k:
    case proj_v: return {kv, c.hidden};
    case proj_o: return {c.hidden, q};
    case proj_gate:
    case proj_up: return {c.intermediate, c.hidden};
    default: return {c.hidden, c.intermediate};
  }
}

template <typename L>
static size_t push(L& layout, std::string name, int64_t rows, int64_t cols) {
  const size_t offset = layout.count, count = static_cast<size_t>(rows * (cols ? cols : 1));
  layout.tensors.push_back({std::move(name), rows, cols, offset, count});
  layout.count += count;
  return offset;
}

model_layout layout_of(const ol_config& c) {
  model_layout l;
  l.embed = push(l, "model.embed_tokens.weight", c.vocab, c.hidden);
  for (int i = 0; i < c.layers; ++i) {
    const std::string at = "model.layers." + std::to_string(i) + ".";
    layer_offsets o{};
    o.norm1 = push(l, at + "input_layernorm.weight", c.hidden, 0);
    for (int p = 0; p < projection_count; ++p) {
      if (p == proj_gate) o.norm2 = push(l, at + "post_attention_layernorm.weight", c.hidden, 0);
      const linear_shape s = shape_of(c, p);
      o.weight[p] = push(l, at + projection_names[p] + ".weight", s.out, s.in);
      if (c.biases >> p & 1) o.bias[p] = push(l, at + projection_names[p] + ".bias", s.out, 0);
      if (c.qk_norm && p == proj_q) o.q_norm = push(l, at + "self_attn.q_norm.weight", c.head_dim, 0);
      if (c.qk_norm && p == proj_k) o.k_norm = push(l, at + "self_attn.k_norm.weight", c.head_dim, 0);
    }
    l.layers.push_back(o);
  }
  l.final_norm = push(l, "model.norm.weight", c.hidden, 0);
  l.head = c.tied ? l.embed : push(l, "lm_head.weight", c.vocab, c.hidden);
  return l;
}

adapter_layout layout_of(const ol_config& c, int rank, int targets) {
  adapter_layout l;
  for (int i = 0; i < c.layers; ++i) {
    for (int p = 0; p < projection_count; ++p) {
      adapter_layout::factors f{};
      if (targets >> p & 1) {
        const linear_shape s = shape_of(c, p);
        const std::string at =
            "base_model.model.model.layers." + std::to_string(i) + "." + projection_names[p] + ".";
        f.a = push(l, at + "lora_A.weight", rank, s.in);
        f.b = push(l, at + "lora_B.weight", s.out, rank);
      }
      l.at.push_back(f);
    }
  }
  return l;
}

static double frequency(const ol_config& c, int i) {
  const double two_pi = 6.283185307179586477;
  const double f = exp64(-2.0 * i / c.head_dim * log64(c.rope_theta));
  if (c.rope_divisor_count) return f / static_cast<double>(c.rope_divisors[i]);
  if (!c.rope_llama3) return f;
  const double wavelength = two_pi / f, n = c.rope_original_positions;
  if (wavelength < n / c.rope_high) return f;
  if (wavelength > n / c.rope_low) return f / c.rope_factor;
  const double s = (n / wavelength - c.rope_low) / (c.rope_high - c.rope_low);
  return (1.0 - s) * f / c.rope_factor + s * f;
}

void rope_tables(const ol_config& c, int positions, std::vector<float>* cosine, std::vector<float>* sine) {
  const int half = c.head_dim / 2;
  cosine->resize(static_cast<size_t>(positions) * half);
  sine->resize(cosine->size());
  for (int i = 0; i < half; ++i) {
    const double f = frequency(c, i);
    for (int t = 0; t < positions; ++t) {
      double s, co;
      sincos64(t * f, &s, &co);
      (*cosine)[static_cast<size_t>(t) * half + i] = static_cast<float>(co);
      (*sine)[static_cast<size_t>(t) * half + i] = static_cast<float>(s);
    }
  }
}

}  // namespace ol
