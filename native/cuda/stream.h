// The stream on which a CUDA back end queues its work: benches put their events into it.
#pragma once
#include <cuda_runtime.h>

#include "core/backend.h"

namespace ol {

// `device` must be one that make_cuda_backend made.
cudaStream_t stream_of(const backend& device);

}  // namespace ol
