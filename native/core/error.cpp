#include "core/error.h"

namespace ol {

// Per thread, so that two callers never read each other's text; no other state of the library is static.
static thread_local std::string thread_error;

void fail(int status, std::string text) { throw failure(status, std::move(text)); }

int remember_error(int status, const char* text) {
  thread_error = text;
  return status;
}

const char* last_error() { return thread_error.c_str(); }

}  // namespace ol
