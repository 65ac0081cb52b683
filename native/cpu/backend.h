#pragma once
#include <memory>

#include "core/backend.h"

namespace ol {

std::unique_ptr<backend> make_cpu_backend(int threads, isa which);

}  // namespace ol
