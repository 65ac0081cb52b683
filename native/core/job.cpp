#include "core/job.h"

#include <cstring>

#include "core/error.h"
#include "cpu/isa.h"

namespace ol {

job::~job() {
  cancelled_ = true;
  if (thread_.joinable()) thread_.join();
}

void job::start(std::function<void(job&)> body) {
  thread_ = std::thread([this, body = std::move(body)] {
    clear_flush_modes();
    const int status = guarded([&] { body(*this); });
    status_ = status;
    if (status == OL_OK) {
      state_ = OL_DONE;
    } else {
      error_ = last_error();
      outputs_.clear();
      state_ = status == OL_ERROR_CANCELLED ? OL_CANCELLED : OL_FAILED;
    }
  });
}

ol_progress job::progress() const {
  // The state first: once it says done, the counters are final.
  ol_progress p;
  p.state = state_;
  p.status = status_;
  p.done = done_;
  p.total = total_;
  p.loss = loss_;
  return p;
}

void job::turn(const std::function<void()>& work) {
  if (cancelled_) fail(OL_ERROR_CANCELLED, "the job was cancelled");
  std::lock_guard<fair_mutex> lock(session_->turn);
  work();
}

void job::add_output(const char* name, int32_t type, const void* data, size_t count, size_t size) {
  job_output made{name, type, count, std::vector<uint8_t>(count * size)};
  if (count) std::memcpy(made.bytes.data(), data, count * size);
  outputs_.push_back(std::move(made));
}

}  // namespace ol
