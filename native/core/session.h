#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/backend.h"
#include "core/fair_mutex.h"
#include "core/model.h"

namespace ol {

// A device with its thread pool. The lock is held for one micro-batch at a time, so jobs take turns in the order in which they ask.
struct session {
  std::unique_ptr<backend> device;
  std::string isa, device_name;
  int threads = 1, microbatch_tokens = 1024;
  fair_mutex turn;

  // The model on this device, loaded once however many jobs use it. Needs the turn.
  std::shared_ptr<device_model> on_device(const std::shared_ptr<const model>& source,
                                          int32_t arithmetic = OL_ARITHMETIC_F32);
  // What `make` has put on this device for `source`: made once, and kept as long as the source lives. Needs the turn.
  std::shared_ptr<const void> keep(const std::shared_ptr<const void>& source,
                                   const std::function<std::shared_ptr<const void>()>& make);

 private:
  std::vector<std::pair<std::weak_ptr<const void>, std::shared_ptr<const void>>> kept_;
};

std::shared_ptr<session> make_session(const ol_session_options& options);

#if defined(OL_HAVE_CUDA)
// native/cuda: throws OL_ERROR_UNAVAILABLE when there is no usable device.
std::unique_ptr<backend> make_cuda_backend();
// As ol_cuda_state, without state 0.
int cuda_state(char* reason, size_t size);
#endif

}  // namespace ol
