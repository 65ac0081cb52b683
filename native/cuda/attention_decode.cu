// Causal attention of few queries, as in decoding, in the order of cpu/attention.inc. A block makes ROWS rows and 64 columns
// of the values. Scores stay in shared memory; where the keys are more than fit there, they go by in stretches, whose scores
// are made again for each of the three passes: the maximum, the sum, the values.
#include "cuda/attention_group.cuh"
#include "cuda/lanes.cuh"
#include "cuda/launch.h"
#include "cuda/ops.h"

namespace ol {
namespace cuda {
namespace {

const int threads = 256, cols = 64;
const int depth = 16, line = threads + 2;  // keys' terms: a thread a key, loaded without conflicts
const int slab = 64;                       // keys whose values are in shared memory at a time

template <int ROWS>
struct shared_tile {
  static constexpr int stretch = 6144 / ROWS;  // keys whose scores are held
  float held[ROWS][stretch + 16];              // neighbouring rows' lanes in banks of their own
  float loaded[depth * line];                  // terms of keys, or slab x cols values
  float q[depth][ROWS];
  float rows[ROWS];                            // a number for each row, on its way to all threads
};

template <int ROWS>
class few_rows {
 public:
  using tile = shared_tile<ROWS>;

  __device__ few_rows(tile& shared, const attention_forward_args& args, const attention_sequence& sequence, int kv_head,
                      int row0, int col0)
      : t_(shared), rows_(args.shape, sequence, kv_head), args_(args), hd_(args.shape.head_dim), row0_(row0), col0_(col0),
        ld_(static_cast<ptrdiff_t>(args.shape.kv_heads) * hd_), k_(sequence.k + kv_head * hd_),
        v_(sequence.v + kv_head * hd_) {
#pragma unroll
    for (int r = 0; r < ROWS; ++r) seen_[r] = rows_.seen(row0 + r);
    keys_ = 0;
    for (int r = 0; r < ROWS; ++r) keys_ = seen_[r] > keys_ ? seen_[r] : keys_;
  }

  __device__ void run() {
#pragma unroll
    for (int r = 0; r < ROWS; ++r) max_[r] = ol_float(0xff800000u);
    for (int first = 0; first < keys_; first += tile::stretch) scores(first, true);
    all_maxima();
    sums();
    const int row = thread() / cols, col = col0_ + thread() % cols;
    float out = 0.0f;
    for (int first = 0; first < keys_; first += tile::stretch) {
      if (keys_ > tile::stretch) {
        scores(first, false);
        exponentials(first);
      }
      weights(first);
      out = values(out, first, row, col);
    }
    if (row < ROWS && row0_ + row < rows_.count && col < hd_) args_.out[rows_.values(row0_ + row) + col] = out;
    if (col0_ > 0 || thread() > 0) return;
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
      if (row0_ + r >= rows_.count) continue;
      if (args_.row_max) args_.row_max[rows_.place(row0_ + r)] = max_[r];
      if (args_.row_sum) args_.row_sum[rows_.place(row0_ + r)] = sum_[r];
    }
  }

 private:
  static __device__ int thread() { return static_cast<int>(threadIdx.x); }
  __device__ int end(int first) const { return first + tile::stretch < keys_ ? first + tile::stretch : keys_; }

  // Terms d .. d+15 of keys key0 .. key0+255, and of the rows.
  __device__ __forceinline__ void fetch(float* k, float& q, int key0, int last, int d) const {
    const int term = d + thread() % depth;
#pragma unroll
    for (int l = 0; l < depth; ++l) {
      const int key = key0 + thread() / depth + l * (threads / depth);
      k[l] = key < last && term < hd_ ? k_[key * ld_ + term] : 0.0f;
    }
    const int row = row0_ + thread() / depth;
    q = thread() < depth * ROWS && row < rows_.count && term < hd_ ? args_.q[rows_.values(row) + term] : 0.0f;
  }
  __device__ __forceinline__ void put(const float* k, float q) {
    const int term = thread() % depth, at = thread() / depth;
#pragma unroll
    for (int l = 0; l < depth; ++l) t_.loaded[term * line + at + l * (threads / depth)] = k[l];
    if (thread() < depth * ROWS) t_.q[term][at] = q;
  }

  // held <- scores of the stretch from `first` on; each thread writes, and later changes, its own keys. Begins and ends with
  // the loaded terms free; nothing is written to `held` before all threads are here.
  __device__ void scores(int first, bool maximum) {
    const int last = end(first);
    for (int key0 = first; key0 < last; key0 += threads) {
      float sum[ROWS], next[depth], q;
#pragma unroll
      for (int r = 0; r < ROWS; ++r) sum[r] = 0.0f;
      fetch(next, q, key0, last, 0);
      for (int d = 0; d < hd_; d += depth) {
        put(next, q);
        __syncthreads();
        if (d + depth < hd_) fetch(next, q, key0, last, d + depth);
        const int terms = hd_ - d < depth ? hd_ - d : depth;
#pragma unroll 8
        for (int p = 0; p < terms; ++p) {
          const float x = t_.loaded[p * line + thread()];
#pragma unroll
          for (int r = 0; r < ROWS; ++r) sum[r] = ol_fma(t_.q[p][r], x, sum[r]);
        }
        __syncthreads();
      }
#pragma unroll
      for (int r = 0; r < ROWS; ++r) {
        if (key0 + thread() >= seen_[r]) continue;
        const float s = ol_mul(sum[r], args_.shape.scale);
        t_.held[r][key0 - first + thread()] = s;
        if (maximum) max_[r] = s > max_[r] ? s : max_[r];
      }
    }
  }

  // This thread's keys of the stretch: change(row, value held).
  template <typename Change>
  __device__ __forceinline__ void each_held(int first, Change change) {
    for (int key = first + thread(); key < end(first); key += threads)
#pragma unroll
      for (int r = 0; r < ROWS; ++r)
        if (key < seen_[r]) t_.held[r][key - first] = change(r, t_.held[r][key - first]);
  }
  __device__ void exponentials(int first) {
    each_held(first, [&](int r, float s) { return ol_exp(ol_sub(s, max_[r])); });
  }
  __device__ void weights(int first) {
    each_held(first, [&](int r, float e) { return ol_div(e, sum_[r]); });
  }

  // Each row's largest of all threads, by sixteen threads a row.
  __device__ void all_maxima() {
    float(*all)[threads] = reinterpret_cast<float(*)[threads]>(t_.loaded);
#pragma unroll
    for (int r = 0; r < ROWS; ++r) all[r][thread()] = max_[r];
    __syncthreads();
    const int row = thread() / 16;
    if (row < ROWS) {
      float max = all[row][thread() % 16];
      for (int i = thread() % 16; i < threads; i += 16) max = all[row][i] > max ? all[row][i] : max;
      max = lanes_maximum(max, half_warp());
      if (thread() % 16 == 0) t_.rows[row] = max;
    }
    __syncthreads();
#pragma unroll
    for (int r = 0; r < ROWS; ++r) max_[r] = t_.rows[r];
  }

  // The sixteen lanes of each row, position after position.
  __device__ void sums() {
    const int row = thread() / 16;
    float chain = 0.0f;
    for (int first = 0; first < keys_; first += tile::stretch) {
      if (keys_ > tile::stretch) scores(first, false);
      exponentials(first);
      __syncthreads();
      if (row < ROWS) {
        const int seen = rows_.seen(row0_ + row), last = seen < end(first) ? seen : end(first);
#pragma unroll 8
        for (int key = first + thread() % 16; key < last; key += 16) chain = ol_add(chain, t_.held[row][key - first]);
      }
    }
    if (row < ROWS) {
      chain = lanes_sum(chain, half_warp());
      if (thread() % 16 == 0) t_.rows[row] = chain;
    }
    __syncthreads();
#pragma unroll
    for (int r = 0; r < ROWS; ++r) sum_[r] = t_.rows[r];
  }

  // One thread's chain goes on over the stretch's keys; the first slab's barrier shows the weights. Ends with the slab free.
  __device__ float values(float out, int first, int row, int col) {
    const int last = end(first), seen = row < ROWS ? rows_.seen(row0_ + row) : 0;
    float next[slab * cols / threads];
    fetch_values(next, first, last);
    for (int k = first; k < last; k += slab) {
#pragma unroll
      for (int l = 0; l < slab * cols / threads; ++l) t_.loaded[thread() + l * threads] = next[l];
      __syncthreads();
      if (k + slab < last) fetch_values(next, k + slab, last);
      const int count = (seen < last ? seen : last) - k < slab ? (seen < last ? seen : last) - k : slab;
      const float *w = t_.held[row < ROWS ? row : 0] + (k - first), *v = t_.loaded + (col - col0_);
#pragma unroll 16
      for (int i = 0; i < count; ++i) out = ol_fma(w[i], v[i * cols], out);
      __syncthreads();
    }
    return out;
  }
  __device__ __forceinline__ void fetch_values(float* next, int k, int last) const {
#pragma unroll
    for (int l = 0; l < slab * cols / threads; ++l) {
      const int key = k + (thread() + l * threads) / cols, col = col0_ + (thread() + l * threads) % cols;
      next[l] = key < last && col < hd_ ? v_[key * ld_ + col] : 0.0f;
    }
  }

  tile& t_;
  const group_rows rows_;
  const attention_forward_args& args_;
  const int hd_, row0_, col0_;
  const ptrdiff_t ld_;
  const float *k_, *v_;
  int seen_[ROWS], keys_;
  float max_[ROWS], sum_[ROWS];
};

// Grid: tiles of rows times `parts` of the head's columns; key-value heads; sequences.
template <int ROWS>
__global__ void __launch_bounds__(threads, 2) decode_kernel(attention_forward_args args, const attention_sequence* sequences,
                                                         int parts) {
  __shared__ shared_tile<ROWS> shared;
  const int row0 = static_cast<int>(blockIdx.x) / parts * ROWS, part = static_cast<int>(blockIdx.x) % parts;
  const attention_sequence sequence = sequences[blockIdx.z];
  if (row0 >= sequence.count * (args.shape.heads / args.shape.kv_heads)) return;
  few_rows<ROWS>(shared, args, sequence, static_cast<int>(blockIdx.y), row0, part * cols).run();
}

template <int ROWS>
dim3 blocks(const attention_shape& shape, int count, int most_rows) {
  return dim3(blocks_for(most_rows, ROWS) * blocks_for(shape.head_dim, cols), static_cast<unsigned>(shape.kv_heads),
              static_cast<unsigned>(count));
}

template <int ROWS>
void start(cudaStream_t stream, const attention_forward_args& args, const attention_sequence* sequences, int count,
           int most_rows) {
  const auto kernel = decode_kernel<ROWS>;
  OL_CUDA_LAUNCH(stream, blocks<ROWS>(args.shape, count, most_rows), threads, kernel, args, sequences,
                 static_cast<int>(blocks_for(args.shape.head_dim, cols)));
}

const size_t fills_a_gpu = 128;  // blocks; with fewer, rows are not put together

}  // namespace

void attention_decode(cudaStream_t stream, const attention_forward_args& args, const attention_sequence* sequences,
                      int count, int most_rows) {
  const dim3 shared = blocks<4>(args.shape, count, most_rows);
  const bool fills = size_t{shared.x} * shared.y * shared.z >= fills_a_gpu;
  if (fills && most_rows > 1) return start<4>(stream, args, sequences, count, most_rows);
  start<1>(stream, args, sequences, count, most_rows);
}

}  // namespace cuda
}  // namespace ol
