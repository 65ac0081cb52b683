// The kernels that exist once per instruction set, behind a table of function pointers chosen at run time.
//
// Every table gives the same bytes: vector lanes run over outputs, and what one output is made of is the same
// sequence of rounded operations everywhere. The .inc files are compiled once per set with that set's flags.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ol {

// One sequence of a batch as attention sees it. Keys and values of positions 0 .. position+count-1 lie at k and v,
// kv_stride floats apart (all key-value heads side by side).
struct attention_sequence {
  int32_t row;       // first row in q, out
  int32_t count;     // queries
  int32_t position;  // position of the first query
  const float* k;
  const float* v;
};

struct attention_shape {
  int32_t heads, kv_heads, head_dim;
  float scale;  // 1 / sqrt(head_dim)
};

struct attention_forward_args {
  attention_shape shape;
  const float* q;    // [rows, heads * head_dim]
  float* out;        // [rows, heads * head_dim]
  float* row_max;    // [rows, heads], or null
  float* row_sum;    // [rows, heads], or null
};

struct attention_backward_args {
  attention_shape shape;
  const float *q, *dout, *row_max, *row_sum;
  float *dq, *dk, *dv;  // dk, dv: [rows, kv_heads * head_dim]
};

// Rows of whole numbers, blocks of them with a power of two each (spec.md, "The arithmetic q8").
struct block_operand {
  const int8_t* values;  // [rows, cols]
  const float* scales;   // [rows, cols / values of a block]
  const int32_t* sums;   // [rows, cols / 16]
  int cols;
};

// A query of an index, its values in the forms that the sets want; each has zeros up to a multiple of 64.
struct scan_query {
  const int16_t* values;  // = 256 * high + low
  const uint8_t* low;
  const int8_t* high;
  int32_t high_sum;
};
// A scan may read so many bytes behind a row's values; they count nothing.
constexpr int SCAN_OVERREAD = 63;
// Bytes that a scan asks memory for before it needs them; rows lie end to end, so these are the next rows'.
constexpr int SCAN_AHEAD = 2048;

struct kernels {
  const char* name;
  int mr, nr;  // rows and columns of a full register tile

  // C[rows, cols] (+)= A[rows, k] B[k, cols]; k ascending, one fused multiply-add each. rows <= mr, cols <= nr.
  void (*tile)(int rows, int cols, int k, const float* a, ptrdiff_t rs, ptrdiff_t cs, const float* b, ptrdiff_t ldb,
               float* c, ptrdiff_t ldc, bool accumulate);
  // Values k0 .. k0+count-1 of the 32 rows of a stored matrix's panel: out[count][32].
  void (*widen)(int32_t format, float* out, const uint8_t* panel, int k0, int count);
  // Blocks of `block` values of a row of n, rounded to whole numbers; a block that is not finite gets a NaN for its scale.
  void (*whole_row)(int8_t* values, float* scales, int32_t* sums, const float* x, int n, int block);
  // y[rows, outputs] (+)= rows row .. row+rows-1 of x times a panel of a format with blocks; outputs <= 32.
  void (*block_tile)(int32_t format, const block_operand& x, int row, int rows, const uint8_t* panel, int outputs,
                     float* y, ptrdiff_t ldy, bool accumulate);
  // One row by an adapter's factors, packed: u = A x, u = c u, y += B u over r. False, and nothing done, where the rank has
  // no kernel of its own. The `ahead_bytes` at `ahead`, which are wanted after it, come nearer meanwhile.
  bool (*lora_row)(float* y, const float* x, const float* a, const float* b, float* u, int rank, int in, int out,
                   float c, const void* ahead, size_t ahead_bytes);
  // dots[q * rows + r] = the exact product of query q with the int8 values at values + r * stride. At most 2^15 of them.
  void (*row_dots)(const scan_query* queries, int count, const uint8_t* values, size_t stride, int rows, int dimension,
                   int64_t* dots);
  void (*rmsnorm_forward)(float* y, float* rstd, const float* x, const float* gain, int rows, int n, float eps);
  void (*rmsnorm_backward)(float* dx, const float* dy, const float* x, const float* rstd, const float* gain, int rows,
                           int n);
  void (*rmsnorm_gain)(float* dgain, const float* dy, const float* x, const float* rstd, int rows, int n, int first,
                       int last);
  void (*rope)(float* x, const int32_t* positions, const float* cosine, const float* sine, int rows, int heads,
               int head_dim, bool inverse);
  void (*swiglu_forward)(float* h, const float* gate, const float* up, size_t n);
  void (*swiglu_backward)(float* dgate, float* dup, const float* dh, const float* gate, const float* up, size_t n);
  void (*add)(float* y, const float* x, size_t n);
  void (*scale)(float* y, const float* x, float c, size_t n);
  // Row losses; with dlogits, logits become weight * (softmax - onehot).
  void (*loss)(float* logits, float* nll, const int32_t* targets, const float* weights, int rows, int n, bool gradient);
  void (*adamw)(float* w, float* m, float* v, const float* g, size_t n, const float* constants);
  float (*sum_squares)(const float* x, size_t n);
  size_t (*attention_scratch)(int keys, int head_dim);
  void (*attention_forward)(const attention_forward_args& args, const attention_sequence& seq, int head, float* scratch);
  void (*attention_backward)(const attention_backward_args& args, const attention_sequence& seq, int kv_head,
                             float* scratch);
};

enum class isa { scalar, avx2, avx512, vnni, amx };

bool isa_supported(isa which);
isa best_isa();
const char* isa_name(isa which);
// False if the name is unknown.
bool parse_isa(const char* name, isa* which);
const kernels& kernels_for(isa which);

extern const kernels scalar_kernels;
#if OL_X86
extern const kernels avx2_kernels;
extern const kernels avx512_kernels;
void amx_block_tile(int32_t format, const block_operand& x, int row, int rows, const uint8_t* panel, int outputs, float* y,
                    ptrdiff_t ldy, bool accumulate);
void vnni_block_tile(int32_t format, const block_operand& x, int row, int rows, const uint8_t* panel, int outputs,
                     float* y, ptrdiff_t ldy, bool accumulate);
void vnni_row_dots(const scan_query* queries, int count, const uint8_t* values, size_t stride, int rows, int dimension,
                   int64_t* dots);
#endif

// Subnormal numbers are numbers: clears flush-to-zero modes that somebody may have left set in this thread.
void clear_flush_modes();

}  // namespace ol
