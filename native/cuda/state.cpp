// Is there a GPU that this build can use?
#include <cuda_runtime.h>

#include <cstdio>
#include <string>

#include "core/session.h"

namespace ol {

static const int least_major = 8;  // compute capability that the kernels are compiled for

static std::string refusal(const char* call, cudaError_t status) {
  cudaGetLastError();  // not the next call's error
  return std::string(call) + ": " + cudaGetErrorString(status) + " (error " + std::to_string(static_cast<int>(status)) +
         ")";
}

// Empty where usable; `name` gets the device.
static std::string why_not(std::string* name) {
  int count = 0;
  cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) return refusal("cudaGetDeviceCount", status);
  if (count == 0) return "no CUDA device is visible";
  cudaDeviceProp properties;
  status = cudaGetDeviceProperties(&properties, 0);
  if (status != cudaSuccess) return refusal("cudaGetDeviceProperties", status);
  const std::string capability = std::to_string(properties.major) + "." + std::to_string(properties.minor);
  *name = std::string(properties.name) + ", compute capability " + capability;
  if (properties.major < least_major) return *name + ": 8.0 or newer is needed";
  return "";
}

int cuda_state(char* reason, size_t size) {
  std::string name;
  const std::string refused = why_not(&name);
  if (reason && size) std::snprintf(reason, size, "%s", (refused.empty() ? name : refused).c_str());
  return refused.empty() ? 2 : 1;
}

}  // namespace ol
