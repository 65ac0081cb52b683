#include "serve/engine.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "core/error.h"
#include "core/handles.h"
#include "cpu/isa.h"

namespace ol {

namespace {

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

void check_options(const ol_engine_options& o, const ol_config& config) {
  const auto within = [](int64_t value, int64_t low, int64_t high, const char* what) {
    if (value < low || value > high) {
      fail(OL_ERROR_ARGUMENT, std::string(what) + " must be " + std::to_string(low) + ".." + std::to_string(high));
    }
  };
  within(o.max_batch, 1, 1024, "maxBatch");
  within(o.max_queue, 0, 1 << 20, "maxQueue");
  within(o.chunk_tokens, 1, 1 << 16, "chunkTokens");
  within(o.page_tokens, 1, 4096, "pageTokens");
  within(o.pages, 1, 1 << 22, "pages");
  within(o.vocabulary, 0, config.vocab, "vocabulary");
  within(static_cast<int64_t>(o.pages) * o.page_tokens, 1, int64_t{1} << 31, "pages times pageTokens");
}

}  // namespace

engine::engine(std::shared_ptr<session> owner, std::shared_ptr<const model> base, const ol_engine_options& options)
    : owner_(std::move(owner)), base_(std::move(base)), options_(options) {
  check_options(options_, base_->config);
  if (options_.vocabulary == 0) options_.vocabulary = base_->config.vocab;
  const int64_t positions = static_cast<int64_t>(options_.pages) * options_.page_tokens;
  const int longest = static_cast<int>(std::min<int64_t>(base_->config.max_positions, positions));
  {
    std::lock_guard<fair_mutex> turn(owner_->turn);
    forward_ = std::make_unique<batch_forward>(*owner_->device, owner_->on_device(base_, options_.arithmetic), longest);
    pages_ = std::make_unique<page_pool>(*owner_->device, base_->config, options_.page_tokens, options_.pages);
  }
  state_.free_pages = options_.pages;
  thread_ = std::thread([this] { loop(); });
}

engine::~engine() {
  {
    std::lock_guard<std::mutex> guard(lock_);
    closing_ = true;
  }
  work_.notify_all();
  thread_.join();
}

int64_t engine::needed_pages(const serving_request& request) const {
  // The last token of an answer is never fed.
  const int64_t longest = std::min<int64_t>(config().max_positions,
                                            static_cast<int64_t>(request.prompt) + request.max_tokens - 1);
  return pages_->pages_for(static_cast<int>(longest));
}

uint64_t engine::submit(std::shared_ptr<const adapter> lora, const ol_request& r) {
  auto made = std::make_unique<serving_request>();
  if (r.count < 1 || r.count >= config().max_positions) {
    fail(OL_ERROR_ARGUMENT, "a prompt has 1.." + std::to_string(config().max_positions - 1) + " tokens");
  }
  if (r.max_tokens < 1) fail(OL_ERROR_ARGUMENT, "maxTokens must be at least 1");
  if (r.top_logprobs < 0 || r.top_logprobs > OL_TOP_LOGPROBS) fail(OL_ERROR_ARGUMENT, "topLogprobs must be 0..20");
  if (r.deadline_ms < 0) fail(OL_ERROR_ARGUMENT, "the deadline must not be negative");
  if (r.stop_count < 0 || r.stop_count > 1024) fail(OL_ERROR_ARGUMENT, "there may be 0..1024 stop ids");
  check_sampling(r.sampling);
  for (int i = 0; i < r.count; ++i) {
    if (r.ids[i] < 0 || r.ids[i] >= config().vocab) fail(OL_ERROR_ARGUMENT, "a token id is outside the vocabulary");
  }
  made->ids.assign(r.ids, r.ids + r.count);
  made->prompt = made->ids.size();
  made->max_tokens = std::min(r.max_tokens, config().max_positions - r.count);
  made->top_logprobs = r.top_logprobs;
  if (r.stop_count) made->stops.assign(r.stop_ids, r.stop_ids + r.stop_count);
  made->sampling = r.sampling;
  made->account = r.account;
  made->lora = std::move(lora);
  made->deadline = r.deadline_ms ? now_ms() + r.deadline_ms : 0;
  if (needed_pages(*made) > options_.pages) {
    fail(OL_ERROR_MEMORY, "the key-value cache has no room for " + std::to_string(made->prompt) + " prompt and " +
                              std::to_string(made->max_tokens) + " answer tokens");
  }
  std::lock_guard<std::mutex> guard(lock_);
  if (static_cast<int>(waiting_.size()) >= options_.max_queue + options_.max_batch - state_.running) {
    fail(OL_ERROR_BUSY, "the queue is full");
  }
  made->id = made->arrival = next_id_++;
  const uint64_t id = made->id;
  cancelled_[id] = false;
  waiting_.push_back(std::move(made));
  work_.notify_all();
  return id;
}

void engine::cancel(uint64_t id) {
  std::lock_guard<std::mutex> guard(lock_);
  const auto found = cancelled_.find(id);
  if (found == cancelled_.end()) return;
  found->second = true;
  work_.notify_all();
}

size_t engine::take_events(ol_event* events, size_t capacity) {
  std::lock_guard<std::mutex> guard(lock_);
  const size_t count = std::min(capacity, events_.size());
  std::copy(events_.begin(), events_.begin() + count, events);
  events_.erase(events_.begin(), events_.begin() + count);
  return count;
}

ol_engine_state engine::state() {
  std::lock_guard<std::mutex> guard(lock_);
  state_.waiting = static_cast<int32_t>(waiting_.size());
  return state_;
}

void engine::loop() {
  clear_flush_modes();
  for (;;) {
    {
      std::unique_lock<std::mutex> guard(lock_);
      while (!closing_ && running_.empty() && waiting_.empty()) work_.wait(guard);
      if (closing_) {
        end_all(OL_ENDED_CANCELLED);
        return;
      }
      sort_out();
    }
    if (running_.empty()) continue;
    plan();
    const int status = guarded([&] {
      std::lock_guard<fair_mutex> turn(owner_->turn);
      step();
    });
    if (status != OL_OK) {
      std::lock_guard<std::mutex> guard(lock_);
      while (!running_.empty()) end(*running_.back(), OL_ENDED_FAILED);
    }
  }
}

void engine::end(serving_request& request, int32_t kind) {
  ol_event event{};
  event.request = request.id;
  event.kind = kind;
  events_.push_back(event);
  cancelled_.erase(request.id);
  pages_->give_back(request.pages);
  const auto same = [&](const request_ptr& other) { return other.get() == &request; };
  const auto at = std::find_if(running_.begin(), running_.end(), same);
  if (at != running_.end()) {
    running_.erase(at);
  } else {
    waiting_.erase(std::find_if(waiting_.begin(), waiting_.end(), same));
  }
  state_.running = static_cast<int32_t>(running_.size());
  state_.free_pages = pages_->free_pages();
}

void engine::end_all(int32_t kind) {
  while (!running_.empty()) end(*running_.back(), kind);
  while (!waiting_.empty()) end(*waiting_.back(), kind);
}

void engine::sort_out() {
  const int64_t now = now_ms();
  std::vector<std::pair<serving_request*, int32_t>> ended;
  const auto look = [&](const request_ptr& request) {
    if (cancelled_[request->id]) {
      ended.push_back({request.get(), OL_ENDED_CANCELLED});
    } else if (request->deadline && now >= request->deadline) {
      ended.push_back({request.get(), OL_ENDED_DEADLINE});
    }
  };
  for (const auto& request : running_) look(request);
  for (const auto& request : waiting_) look(request);
  for (const auto& [request, kind] : ended) end(*request, kind);
  for (auto it = adapters_.begin(); it != adapters_.end();) {
    it = it->first.expired() ? adapters_.erase(it) : std::next(it);
  }
  state_.adapters = static_cast<int32_t>(adapters_.size());
  admit();
}

// The account with the fewest requests in the batch goes first, of those the one that was let in longest ago; within it
// the adapter with the fewest; then the oldest request.
std::list<engine::request_ptr>::iterator engine::next_to_admit() {
  std::map<uint64_t, int> of_account;
  std::map<const adapter*, int> of_adapter;
  for (const auto& request : running_) {
    ++of_account[request->account];
    ++of_adapter[request->lora.get()];
  }
  const auto rank = [&](const request_ptr& request) {
    const auto served = served_.find(request->account);
    const auto busy = of_account.find(request->account);
    const auto shared = of_adapter.find(request->lora.get());
    return std::make_tuple(busy == of_account.end() ? 0 : busy->second, served == served_.end() ? 0 : served->second,
                           shared == of_adapter.end() ? 0 : shared->second, request->arrival);
  };
  return std::min_element(waiting_.begin(), waiting_.end(),
                          [&](const request_ptr& a, const request_ptr& b) { return rank(a) < rank(b); });
}

void engine::admit() {
  while (!waiting_.empty() && static_cast<int>(running_.size()) < options_.max_batch) {
    const auto next = next_to_admit();
    // Nobody passes one that waits for room: it would wait for ever.
    const int needed = static_cast<int>(needed_pages(**next));
    if (needed > pages_->free_pages()) break;
    (*next)->pages = pages_->take(needed);
    served_[(*next)->account] = ++admissions_;
    running_.push_back(std::move(*next));
    waiting_.erase(next);
  }
  // Accounts that are gone are forgotten, so that strangers' names don't fill the memory.
  if (served_.size() > 65536) served_.clear();
  state_.running = static_cast<int32_t>(running_.size());
  state_.free_pages = pages_->free_pages();
}

// Who takes part in the next step: each request that decodes with one row, then prompts in the order of their admission
// up to the chunk. Rows of one adapter stand together.
void engine::plan() {
  std::vector<std::pair<serving_request*, int32_t>> parts;
  int room = options_.chunk_tokens;
  for (const auto& request : running_) {
    const int left = static_cast<int>(request->ids.size() - request->fed);
    const bool decodes = request->fed >= request->prompt;
    const int count = decodes ? left : std::min(left, room);
    if (!decodes) room -= count;
    if (count) parts.push_back({request.get(), count});
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& a, const auto& b) { return a.first->lora.get() < b.first->lora.get(); });
  batch_.clear();
  planned_.clear();
  planned_counts_.clear();
  for (const auto& [request, count] : parts) {
    planned_.push_back(request);
    planned_counts_.push_back(count);
  }
}

std::shared_ptr<device_adapter> engine::on_device(const std::shared_ptr<const adapter>& lora) {
  auto& kept = adapters_[lora];
  if (!kept) kept = std::make_shared<device_adapter>(*owner_->device, *lora, false);
  return kept;
}

void engine::step() {
  sampled_.clear();
  sampled_rows_.clear();
  for (size_t i = 0; i < planned_.size(); ++i) {
    serving_request& request = *planned_[i];
    const int row = static_cast<int>(batch_.ids.size()), count = planned_counts_[i];
    if (request.lora && !request.on_device) request.on_device = on_device(request.lora);
    for (int t = 0; t < count; ++t) {
      batch_.ids.push_back(request.ids[request.fed + t]);
      batch_.positions.push_back(static_cast<int32_t>(request.fed) + t);
    }
    batch_.sequences.push_back({row, count, static_cast<int>(request.fed), &request.pages});
    device_adapter* lora = request.on_device.get();
    if (lora && !batch_.segments.empty() && batch_.segments.back().lora == lora) {
      batch_.segments.back().count += count;
    } else if (lora) {
      batch_.segments.push_back({row, count, lora});
    }
    request.fed += static_cast<size_t>(count);
    if (request.fed < request.ids.size()) continue;
    sampled_.push_back(&request);
    sampled_rows_.push_back(row + count - 1);
  }
  const float* logits = forward_->run(batch_, *pages_, sampled_rows_);
  if (!sampled_.empty()) choose(sampled_, logits);
  std::lock_guard<std::mutex> guard(lock_);
  ++state_.steps;
  state_.tokens += static_cast<int64_t>(batch_.ids.size());
  state_.largest = std::max(state_.largest, static_cast<int64_t>(planned_.size()));
  state_.gathered = forward_->gathered();
}

}  // namespace ol

using namespace ol;

extern "C" {

int ol_engine_create(ol_session* session, const ol_model* model, const ol_engine_options* options, ol_engine** out) {
  return guarded([&] { *out = new ol_engine{std::make_unique<engine>(session->held, model->held, *options)}; });
}

void ol_engine_destroy(ol_engine* handle) { delete handle; }

int ol_engine_submit(ol_engine* handle, const ol_adapter* adapter, const ol_request* request, uint64_t* id) {
  return guarded([&] {
    if (adapter && !same_shape(handle->held->config(), adapter->held->config)) {
      fail(OL_ERROR_ARGUMENT, "the adapter was made for a model of another shape");
    }
    *id = handle->held->submit(adapter ? adapter->held : nullptr, *request);
  });
}

void ol_engine_cancel(ol_engine* handle, uint64_t id) { handle->held->cancel(id); }

int ol_engine_events(ol_engine* handle, ol_event* events, size_t capacity, size_t* count) {
  return guarded([&] { *count = handle->held->take_events(events, capacity); });
}

int ol_engine_status(ol_engine* handle, ol_engine_state* state) {
  return guarded([&] { *state = handle->held->state(); });
}

}  // extern "C"
