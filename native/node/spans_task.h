// One piece of work of spans on the thread pool, and the promise that it answers with.
#pragma once
#include <functional>
#include <optional>

#include "addon.h"
#include "spans/common.h"

namespace ol_node {

// Work that gives an R, and what JavaScript gets from it.
template <typename R>
class task : public Napi::AsyncWorker {
 public:
  using work = std::function<R()>;
  using finish = std::function<Napi::Value(Napi::Env, R&)>;

  static Napi::Value start(Napi::Env env, work run, finish answer) {
    auto* made = new task(env, std::move(run), std::move(answer));
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
      code_ = "SPANS_MEMORY";
      SetError("out of memory");
    } catch (const std::exception& e) {
      code_ = "SPANS_INTERNAL";
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
  task(Napi::Env env, work run, finish answer)
      : Napi::AsyncWorker(env, "openledger:spans"),
        run_(std::move(run)),
        answer_(std::move(answer)),
        promise_(Napi::Promise::Deferred::New(env)) {}

  work run_;
  finish answer_;
  Napi::Promise::Deferred promise_;
  std::optional<R> result_;
  const char* code_ = "SPANS_INTERNAL";
};

}  // namespace ol_node
