// The queries of the heads that share a key-value head, as rows: row r is head r % group of query r / group, so one load of
// a key serves them all.
#pragma once
#include <cuda_runtime.h>

#include "cpu/isa.h"

namespace ol {
namespace cuda {

struct group_rows {
  __device__ group_rows(const attention_shape& shape, const attention_sequence& sequence, int kv_head)
      : heads(shape.heads), group(shape.heads / shape.kv_heads), head_dim(shape.head_dim), head(kv_head * group),
        first(sequence.row), position(sequence.position), count(sequence.count * group) {}

  // Of [rows, heads]: where row r stands.
  __device__ size_t place(int r) const { return static_cast<size_t>(first + r / group) * heads + head + r % group; }
  // Of q and out: its head_dim values.
  __device__ size_t values(int r) const { return place(r) * head_dim; }
  // How many keys it sees; a row that is not there sees none.
  __device__ int seen(int r) const { return r < count ? position + r / group + 1 : 0; }

  int heads, group, head_dim, head, first, position, count;
};

}  // namespace cuda
}  // namespace ol
