// Exact products of int16 queries with int8 rows: whole numbers, so lanes share out the values of a row in any order.
#include "cuda/launch.h"
#include "cuda/scan.h"

namespace ol {
namespace cuda {
namespace {

const int warps = 8, rows_each = 4, queries_each = 8;  // a warp's products at a time: one for each lane in the end
const unsigned threads = 32 * warps;
static_assert(rows_each * queries_each == 32, "a lane adds up one product");
static_assert(most_row_values / 32 * 32768L * 128L < 2147483648L, "a lane's part of a product fits 32 bits");

// sum + sixteen products: eight ints of two values each with four ints of four.
__device__ __forceinline__ int32_t add_products(int32_t sum, const int4& low, const int4& high, const int4& row) {
  sum = __dp2a_lo(low.x, row.x, sum);
  sum = __dp2a_hi(low.y, row.x, sum);
  sum = __dp2a_lo(low.z, row.y, sum);
  sum = __dp2a_hi(low.w, row.y, sum);
  sum = __dp2a_lo(high.x, row.z, sum);
  sum = __dp2a_hi(high.y, row.z, sum);
  sum = __dp2a_lo(high.z, row.w, sum);
  return __dp2a_hi(high.w, row.w, sum);
}

// This lane's part of the products of rows from `first` on with queries from `asked` on; what is not there repeats the last.
__device__ __forceinline__ void lane_parts(int32_t (&sum)[rows_each][queries_each], const scan_queries& queries,
                                           const scan_rows& rows, int first, int asked) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int8_t* row[rows_each];
#pragma unroll
  for (int r = 0; r < rows_each; ++r) {
    row[r] = rows.values + static_cast<size_t>(first + r < rows.count ? first + r : rows.count - 1) * rows.stride;
  }
  for (size_t at = static_cast<size_t>(lane) * 16; at < rows.stride; at += 512) {
    int4 values[rows_each];
#pragma unroll
    for (int r = 0; r < rows_each; ++r) values[r] = *reinterpret_cast<const int4*>(row[r] + at);
#pragma unroll
    for (int q = 0; q < queries_each; ++q) {
      const int query = asked + q < queries.count ? asked + q : queries.count - 1;
      const int4* from = reinterpret_cast<const int4*>(queries.values + static_cast<size_t>(query) * queries.stride + at);
      const int4 low = from[0], high = from[1];
#pragma unroll
      for (int r = 0; r < rows_each; ++r) sum[r][q] = add_products(sum[r][q], low, high, values[r]);
    }
  }
}

__global__ void __launch_bounds__(threads) scan_kernel(int64_t* scores, size_t ld, scan_queries queries, scan_rows rows,
                                                       int e0) {
  __shared__ int32_t parts[warps][32][33];
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int first = (static_cast<int>(blockIdx.x) * warps + warp) * rows_each;
  for (int asked = 0; asked < queries.count; asked += queries_each) {
    int32_t sum[rows_each][queries_each] = {};
    if (first < rows.count) lane_parts(sum, queries, rows, first, asked);
#pragma unroll
    for (int r = 0; r < rows_each; ++r)
#pragma unroll
      for (int q = 0; q < queries_each; ++q) parts[warp][lane][q * rows_each + r] = sum[r][q];
    __syncthreads();
    int64_t dot = 0;
    for (int l = 0; l < 32; ++l) dot += parts[warp][l][lane];
    const int row = first + lane % rows_each, query = asked + lane / rows_each;
    if (row < rows.count && query < queries.count) {
      scores[static_cast<size_t>(query) * ld + row] =
          score_of(dot, queries.exponents[query] + rows.exponents[row] - e0, rows.marks[row]);
    }
    __syncthreads();
  }
}

}  // namespace

void scan(cudaStream_t stream, int64_t* scores, size_t ld, const scan_queries& queries, const scan_rows& rows, int e0) {
  OL_CUDA_LAUNCH(stream, blocks_for(rows.count, warps * rows_each), threads, scan_kernel, scores, ld, queries, rows, e0);
}

}  // namespace cuda
}  // namespace ol
