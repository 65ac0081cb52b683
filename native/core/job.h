// A job: one thread of its own, progress, cancellation, named outputs.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/session.h"

namespace ol {

struct job_output {
  std::string name;
  int32_t type;
  size_t count;
  std::vector<uint8_t> bytes;
};

class job {
 public:
  explicit job(std::shared_ptr<session> owner) : session_(std::move(owner)) {}
  ~job();

  void start(std::function<void(job&)> body);
  void cancel() { cancelled_ = true; }
  ol_progress progress() const;
  const std::string& error() const { return error_; }
  const std::vector<job_output>& outputs() const { return outputs_; }

  // For the body:
  session& owner() { return *session_; }
  // Runs one micro-batch's work with the session's turn. Throws OL_ERROR_CANCELLED before it if asked to stop.
  void turn(const std::function<void()>& work);
  void plan(int64_t total) { total_ = total; }
  void advance(int64_t done) { done_ = done; }
  void report_loss(double loss) { loss_ = loss; }
  template <typename T>
  void output(const char* name, const std::vector<T>& values) {
    add_output(name, type_of(static_cast<const T*>(nullptr)), values.data(), values.size(), sizeof(T));
  }

 private:
  static int32_t type_of(const float*) { return OL_F32; }
  static int32_t type_of(const double*) { return OL_F64; }
  static int32_t type_of(const int32_t*) { return OL_I32; }
  static int32_t type_of(const int8_t*) { return OL_I8; }
  static int32_t type_of(const int16_t*) { return OL_I16; }
  void add_output(const char* name, int32_t type, const void* data, size_t count, size_t size);

  std::shared_ptr<session> session_;
  std::thread thread_;
  std::atomic<bool> cancelled_{false};
  std::atomic<int32_t> state_{OL_RUNNING}, status_{OL_OK};
  std::atomic<int64_t> done_{0}, total_{0};
  std::atomic<double> loss_{__builtin_nan("")};
  std::string error_;
  std::vector<job_output> outputs_;
};

}  // namespace ol
