#include "cuda/check.h"

#include <cstring>
#include <string>

#include "core/error.h"

namespace ol {

static const char* hint(cudaError_t status) {
  switch (status) {
    case cudaErrorMemoryAllocation: return "use a smaller micro-batch, shorter examples or a larger GPU";
    case cudaErrorInsufficientDriver: return "install an NVIDIA driver for CUDA 13 or newer, or use the cpu device";
    case cudaErrorNoDevice: return "no GPU is visible: check nvidia-smi and CUDA_VISIBLE_DEVICES, or use the cpu device";
    case cudaErrorNoKernelImageForDevice: return "this GPU is older than compute capability 8.0";
    default: return "run with CUDA_LAUNCH_BLOCKING=1 to find the operation, or use the cpu device";
  }
}

void cuda_check(cudaError_t status, const char* what, const char* file, int line) {
  if (status == cudaSuccess) return;
  const char* name = std::strrchr(file, '/');
  fail(status == cudaErrorMemoryAllocation ? OL_ERROR_MEMORY : OL_ERROR_UNAVAILABLE,
       std::string("CUDA: ") + cudaGetErrorString(status) + " (error " + std::to_string(static_cast<int>(status)) +
           ") in " + what + " at " + (name ? name + 1 : file) + ":" + std::to_string(line) + "; " + hint(status));
}

}  // namespace ol
