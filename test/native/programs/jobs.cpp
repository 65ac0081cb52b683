// Jobs of every kind: the same bytes on every instruction set and number of threads, cancelled at any moment, with their
// handles gone before they end.
#include "kinds.h"

namespace {

void pretrain(world& w) {
  hash64 first;
  for (const char* isa : instruction_sets()) {
    const session_ptr session = open_session(isa, 2, 32);
    const hash64 hash = pretrained(w, session.get());
    if (isa == std::string("scalar")) first = hash;
    CHECK(hash.state == first.state);
  }
  report("pretraining", first);
}

void same_everywhere(const format_case& format) {
  world w(format);
  for (const auto& [name, begin] : kinds) {
    hash64 want;
    for (const char* isa : instruction_sets()) {
      for (const int threads : {1, 2}) {
        const session_ptr session = open_session(isa, threads, threads == 1 ? 0 : 20);
        const job_ptr job(begin(w, session.get()));
        const hash64 got = outputs_of(job.get());
        if (isa == std::string("scalar") && threads == 1) want = got;
        if (got.state != want.state) {
          std::printf("DIFFERS %s %s %s %d threads\n", name, format.name, isa, threads);
          std::exit(1);
        }
      }
    }
    report(std::string(name) + " " + format.name, want);
  }
}

// Handles may go in any order while jobs run; a job that is dropped is cancelled.
void dropped(const format_case& format, int rounds) {
  random_numbers random{11};
  for (int round = 0; round < rounds; ++round) {
    auto w = std::make_unique<world>(format);
    session_ptr session = open_session("", 2, 16);
    std::vector<job_ptr> jobs;
    for (int i = 0; i < 3; ++i) jobs.emplace_back(kinds[random.below(kinds.size())].second(*w, session.get()));
    if (random.below(2)) w.reset();
    session.reset();
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(4000)));
    if (random.below(2)) ol_job_cancel(jobs[0].get());
    const int32_t state = wait_for(jobs[0].get()).state;
    CHECK(state == OL_DONE || state == OL_CANCELLED);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int scale = scale_of(argc, argv);
  for (const format_case& format : all_formats()) {
    if (format.values == 256) continue;  // wider than this model
    if (scale == 1 && format.number != OL_FORMAT_F32 && format.number != OL_FORMAT_Q4_1) continue;
    same_everywhere(format);
  }
  world w(all_formats()[0]);
  pretrain(w);
  dropped(all_formats()[5], 5 * scale);
}
