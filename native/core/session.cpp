#include "core/session.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <thread>

#include "core/error.h"
#include "cpu/backend.h"

namespace ol {

// On the CPU products read the model itself. Elsewhere there is a copy for every arithmetic.
std::shared_ptr<device_model> session::on_device(const std::shared_ptr<const model>& source, int32_t arithmetic) {
  check_arithmetic(arithmetic);
  if (device_name == "cpu") return std::make_shared<device_model>(source, nullptr, arithmetic);
  const auto copy = keep(source, [&] { return std::make_shared<const resident_model>(*device, *source); });
  return std::make_shared<device_model>(source, std::static_pointer_cast<const resident_model>(copy), arithmetic);
}

std::shared_ptr<const void> session::keep(const std::shared_ptr<const void>& source,
                                          const std::function<std::shared_ptr<const void>()>& make) {
  kept_.erase(std::remove_if(kept_.begin(), kept_.end(), [](const auto& entry) { return entry.first.expired(); }),
              kept_.end());
  for (const auto& entry : kept_)
    if (entry.first.lock() == source) return entry.second;
  kept_.emplace_back(source, make());
  return kept_.back().second;
}

static isa choose_isa(const char* name) {
  if (!name || !*name) return best_isa();
  isa which;
  if (!parse_isa(name, &which)) fail(OL_ERROR_ARGUMENT, std::string("there is no instruction set ") + name);
  if (!isa_supported(which)) fail(OL_ERROR_UNAVAILABLE, std::string("this CPU has no ") + name);
  return which;
}

std::shared_ptr<session> make_session(const ol_session_options& options) {
  if (options.threads < 0 || options.threads > 1024) fail(OL_ERROR_ARGUMENT, "threads must be 0..1024");
  if (options.microbatch_tokens < 0 || options.microbatch_tokens > 1 << 20) {
    fail(OL_ERROR_ARGUMENT, "micro-batch tokens must be 0..1048576");
  }
  auto made = std::make_shared<session>();
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  made->threads = options.threads ? options.threads : cores;
  if (options.microbatch_tokens) made->microbatch_tokens = options.microbatch_tokens;
  const isa which = choose_isa(options.isa);
  made->isa = isa_name(which);
  made->device_name = options.device && *options.device ? options.device : "cpu";
  if (made->device_name == "cpu") {
    made->device = make_cpu_backend(made->threads, which);
  } else if (made->device_name == "cuda") {
#if defined(OL_HAVE_CUDA)
    made->device = make_cuda_backend();
#else
    fail(OL_ERROR_UNAVAILABLE, "this build has no CUDA; build where nvcc is installed");
#endif
  } else {
    fail(OL_ERROR_ARGUMENT, "there is no device " + made->device_name + "; use cpu or cuda");
  }
  return made;
}

}  // namespace ol

extern "C" int ol_cuda_state(char* reason, size_t size) {
#if defined(OL_HAVE_CUDA)
  return ol::cuda_state(reason, size);
#else
  if (reason && size) std::snprintf(reason, size, "built without CUDA (no nvcc was found)");
  return 0;
#endif
}
