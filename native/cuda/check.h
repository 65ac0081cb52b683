// Checked CUDA calls.
#pragma once
#include <cuda_runtime.h>

namespace ol {

// Throws: OL_ERROR_MEMORY where the device's memory ran out, else OL_ERROR_UNAVAILABLE. The text names the call, its
// place and what may help.
void cuda_check(cudaError_t status, const char* what, const char* file, int line);

}  // namespace ol

#define OL_CUDA_CHECK(call) ::ol::cuda_check((call), #call, __FILE__, __LINE__)
