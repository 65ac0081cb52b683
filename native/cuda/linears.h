// Linears forward: several of one x are as few launches as their formats and shapes allow.
#pragma once
#include "core/backend.h"
#include "cuda/stored.h"

namespace ol {
namespace cuda {

// What the device keeps of a stored weight.
stored_view view_of(const linear_weight& w);

// Each y (+)= x W^T. `widened`: room for parts of stored matrices as fp32; `whole`: for rows of x as whole numbers.
void linears_forward(cudaStream_t stream, device_scratch& widened, device_scratch& whole, const linear_product* outputs,
                     int count, const float* x, int tokens, bool accumulate);

}  // namespace cuda
}  // namespace ol
