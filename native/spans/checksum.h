// XXH64 of the sections of a file: against accidents, not against forgers (the Merkle roots are for those).
#pragma once
#include "spans/common.h"

namespace spans {

uint64_t checksum(const void* data, size_t length);

}  // namespace spans
