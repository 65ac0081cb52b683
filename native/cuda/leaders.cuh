// The largest values of a row and their ids.
#pragma once
#include <cuda_runtime.h>

namespace ol {
namespace cuda {

const int nobody = 0x7fffffff;

// The two largest values so far; a tie goes to the lower id. NaN is never among them.
struct leaders {
  float first, second;
  int first_id, second_id;

  __device__ void add(float value, int id) {
    if (value > first || (value == first && id < first_id)) {
      second = first;
      second_id = first_id;
      first = value;
      first_id = id;
    } else if (value > second || (value == second && id < second_id)) {
      second = value;
      second_id = id;
    }
  }
};

}  // namespace cuda
}  // namespace ol
