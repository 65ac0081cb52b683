// One exception type inside, one status and a per-thread text at the C boundary.
#pragma once
#include <exception>
#include <string>

#include "openledger.h"

namespace ol {

class failure : public std::exception {
 public:
  failure(int status, std::string text) : status_(status), text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }
  int status() const { return status_; }

 private:
  int status_;
  std::string text_;
};

[[noreturn]] void fail(int status, std::string text);

// Keeps `text` as this thread's last error and returns `status`.
int remember_error(int status, const char* text);
const char* last_error();

// Runs `body` and turns exceptions into a status.
template <typename F>
int guarded(F&& body) {
  try {
    body();
    return OL_OK;
  } catch (const failure& f) {
    return remember_error(f.status(), f.what());
  } catch (const std::bad_alloc&) {
    return remember_error(OL_ERROR_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return remember_error(OL_ERROR_INTERNAL, e.what());
  }
}

}  // namespace ol
