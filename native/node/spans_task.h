// One piece of work of spans or sketches on the thread pool, and the promise that it answers with.
#pragma once
#include <functional>
#include <optional>

#include "addon.h"
#include "spans/common.h"

namespace ol_node {

// The codes of what no room names itself.
struct task_codes {
  const char *memory, *internal;
};
constexpr task_codes SPANS_CODES{"SPANS_MEMORY", "SPANS_INTERNAL"};

// Work that gives an R, and what JavaScript gets from it.
template <typename R>
class task : public Napi::AsyncWorker {
 public:
  using work = std::function<R()>;
  using finish = std::function<Napi::Value(Napi::Env, R&)>;

  static Napi::Value start(Napi::Env env, work run, finish answer, const task_codes& codes = SPANS_CODES) {
    auto* made = new task(env, std::move(run), std::move(answer), codes);
    const Napi::Value promise = made->promise_.Promise();
    made->Queue();
    return promise;
  }

 protected:
  void Execute() override {
    try {
      result_.emplace(run_());
    } catch (const spans::failure& f) {
      code_ = f.code();
      SetError(f.what());
    } catch (const std::bad_alloc&) {
      code_ = codes_.memory;
      SetError("out of memory");
    } catch (const std::exception& e) {
      code_ = codes_.internal;
      SetError(e.what());
    }
  }
  void OnOK() override {
    const Napi::HandleScope scope(Env());
    promise_.Resolve(answer_(Env(), *result_));
  }
  void OnError(const Napi::Error& error) override {
    const Napi::HandleScope scope(Env());
    error.Set("code", Napi::String::New(Env(), code_));
    promise_.Reject(error.Value());
  }

 private:
  task(Napi::Env env, work run, finish answer, const task_codes& codes)
      : Napi::AsyncWorker(env, "openledger:task"),
        codes_(codes),
        code_(codes.internal),
        run_(std::move(run)),
        answer_(std::move(answer)),
        promise_(Napi::Promise::Deferred::New(env)) {}

  const task_codes codes_;
  const char* code_;
  work run_;
  finish answer_;
  Napi::Promise::Deferred promise_;
  std::optional<R> result_;
};

}  // namespace ol_node
