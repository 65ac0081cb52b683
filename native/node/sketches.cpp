// Attribution indexes in files for JavaScript. What reads a whole index runs on the thread pool and answers with a promise.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "addon.h"
#include "core/handles.h"
#include "sketches/scan.h"
#include "spans_task.h"
#include "values.h"

namespace ol_node {
namespace {

using index_handle = std::shared_ptr<const sketches::index>;
using resident_handle = std::shared_ptr<const sketches::resident_index>;
using scores_handle = std::shared_ptr<const sketches::scores>;
constexpr napi_type_tag INDEX_TAG{0x6f70656e6c656467ULL, 16};
constexpr napi_type_tag SCORES_TAG{0x6f70656e6c656467ULL, 17};
constexpr napi_type_tag RESIDENT_TAG{0x6f70656e6c656467ULL, 18};
constexpr task_codes CODES{"SKETCH_MEMORY", "SKETCH_INTERNAL"};
constexpr size_t MAX_FILES = 4096;
constexpr size_t MAX_QUERIES = 64;
constexpr size_t MAX_LISTED = 65536;
constexpr double MAX_KEPT = 1125899906842624;

uint32_t whole(const Napi::Value& value, const char* what, double most) {
  const double given = number(value, what);
  if (!(given >= 0 && given <= most) || given != static_cast<double>(static_cast<uint32_t>(given))) {
    raise(value.Env(), "NATIVE_ARGUMENT", std::string(what) + " is not a whole number from 0 to " + std::to_string(most));
  }
  return static_cast<uint32_t>(given);
}

unsigned threads_at(const Napi::Value& value) {
  const uint32_t threads = whole(value, "threads", 256);
  if (threads == 0) raise(value.Env(), "NATIVE_ARGUMENT", "threads is 0");
  return threads;
}

template <typename H>
H held(const Napi::Value& value, const napi_type_tag& tag, const char* what) {
  if (value.IsExternal()) {
    const auto external = value.As<Napi::External<H>>();
    if (external.CheckTypeTag(&tag)) return *external.Data();
  }
  raise(value.Env(), "NATIVE_ARGUMENT", std::string("expected ") + what);
}

index_handle index_at(const Napi::Value& value) { return held<index_handle>(value, INDEX_TAG, "an index"); }
scores_handle scores_at(const Napi::Value& value) { return held<scores_handle>(value, SCORES_TAG, "scores"); }

template <typename A>
A array(const Napi::Value& value, napi_typedarray_type type, const char* what) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    raise(value.Env(), "NATIVE_ARGUMENT", std::string(what) + " has the wrong type");
  }
  return value.As<A>();
}

// Records that lie in a file as such, mapped while they are copied.
class mapped_records {
 public:
  explicit mapped_records(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) spans::fail("SKETCH_READ", path + ": " + std::strerror(errno));
    struct stat about;
    const bool regular = ::fstat(file, &about) == 0 && S_ISREG(about.st_mode);
    if (regular && about.st_size > 0) {
      bytes_ = static_cast<uint64_t>(about.st_size);
      data_ = ::mmap(nullptr, bytes_, PROT_READ, MAP_PRIVATE, file, 0);
    }
    const int error = errno;
    ::close(file);
    if (!regular || bytes_ == 0) spans::fail("SKETCH_INPUT", path + ": no file of records");
    if (data_ == MAP_FAILED) spans::fail("SKETCH_READ", path + ": " + std::strerror(error));
  }
  ~mapped_records() {
    if (data_ != nullptr && data_ != MAP_FAILED) ::munmap(data_, bytes_);
  }
  mapped_records(const mapped_records&) = delete;
  mapped_records& operator=(const mapped_records&) = delete;
  sketches::piece piece() const { return {static_cast<const uint8_t*>(data_), bytes_}; }

 private:
  void* data_ = nullptr;
  uint64_t bytes_ = 0;
};

Napi::Value nothing(Napi::Env env, bool&) { return env.Undefined(); }

// path, records (bytes or the path of a file of them), dimension, first, threads
Napi::Value write(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string path = info[0].ToString();
  const uint32_t dimension = whole(info[2], "dimension", UINT32_MAX), first = whole(info[3], "first", UINT32_MAX);
  const unsigned threads = threads_at(info[4]);
  if (info[1].IsString()) {
    return task<bool>::start(
        env,
        [path, from = info[1].ToString().Utf8Value(), dimension, first, threads] {
          const mapped_records records(from);
          sketches::write_shard({records.piece()}, dimension, first, path, threads);
          return true;
        },
        nothing, CODES);
  }
  const auto bytes = array<Napi::Uint8Array>(info[1], napi_uint8_array, "records");
  // The array stays where it is until the work is done.
  auto kept = std::make_shared<Napi::ObjectReference>(Napi::Persistent(bytes.As<Napi::Object>()));
  const sketches::piece records{bytes.Data(), bytes.ByteLength()};
  return task<bool>::start(
      env,
      [path, records, dimension, first, threads] {
        sketches::write_shard({records}, dimension, first, path, threads);
        return true;
      },
      [kept](Napi::Env of, bool&) { return of.Undefined(); }, CODES);
}

// index, path, threads
Napi::Value compact(const Napi::CallbackInfo& info) {
  return task<bool>::start(
      info.Env(),
      [of = index_at(info[0]), path = info[1].ToString().Utf8Value(), threads = threads_at(info[2])] {
        std::vector<sketches::piece> records;
        for (const auto& part : of->shards()) records.push_back({part->records(), part->record_bytes()});
        sketches::write_shard(records, of->dimension(), 0, path, threads);
        return true;
      },
      nothing, CODES);
}

// paths, verify, threads
Napi::Value open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsArray()) raise(env, "NATIVE_ARGUMENT", "expected a list of files");
  const auto list = info[0].As<Napi::Array>();
  if (list.Length() == 0 || list.Length() > MAX_FILES) raise(env, "NATIVE_ARGUMENT", "not 1 to 4096 files");
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < list.Length(); ++i) paths.push_back(Napi::Value(list.Get(i)).ToString());
  return task<index_handle>::start(
      env,
      [paths, verify = info[1].ToBoolean().Value(), threads = threads_at(info[2])] {
        std::vector<std::shared_ptr<sketches::shard>> parts;
        for (const std::string& path : paths) parts.push_back(sketches::shard::open(path, verify, threads));
        return std::make_shared<const sketches::index>(std::move(parts));
      },
      [](Napi::Env of, index_handle& made) {
        auto value = Napi::External<index_handle>::New(of, new index_handle(made),
                                                       [](Napi::Env, index_handle* dead) { delete dead; });
        value.TypeTag(&INDEX_TAG);
        return value;
      },
      CODES);
}

Napi::Uint8Array octets(Napi::Env env, const uint8_t* data, size_t length) {
  auto made = Napi::Uint8Array::New(env, length);
  std::copy(data, data + length, made.Data());
  return made;
}

// What is known of an index; the records of its files are looked at where they are mapped.
Napi::Value about(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const index_handle of = index_at(info[0]);
  auto parts = Napi::Array::New(env);
  for (const auto& part : of->shards()) {
    auto one = Napi::Object::New(env);
    one.Set("first", static_cast<double>(part->first()));
    one.Set("rows", static_cast<double>(part->head().rows));
    one.Set("records", Napi::ArrayBuffer::New(env, part->records(), part->record_bytes(), [part](Napi::Env, void*) {}));
    parts.Set(parts.Length(), one);
  }
  auto result = Napi::Object::New(env);
  result.Set("rows", static_cast<double>(of->rows()));
  result.Set("dimension", of->dimension());
  result.Set("root", octets(env, of->root(), sketches::HASH));
  result.Set("parts", parts);
  return result;
}

// index, row
Napi::Value path(const Napi::CallbackInfo& info) {
  const index_handle of = index_at(info[0]);
  const uint32_t row = whole(info[1], "row", UINT32_MAX);
  if (row >= of->rows()) raise(info.Env(), "NATIVE_ARGUMENT", "no such row");
  const std::vector<uint8_t> hashes = of->path(row);
  return octets(info.Env(), hashes.data(), hashes.size());
}

std::vector<sketches::query> queries_at(const Napi::Value& values, const Napi::Value& exponents, uint32_t dimension) {
  const auto all = array<Napi::Int16Array>(values, napi_int16_array, "values");
  const auto of = array<Napi::Int8Array>(exponents, napi_int8_array, "exponents");
  const size_t count = of.ElementLength();
  if (count == 0 || count > MAX_QUERIES || all.ElementLength() != count * dimension) {
    raise(values.Env(), "NATIVE_ARGUMENT", "not 1 to 64 queries of the length of the index's sketches");
  }
  std::vector<sketches::query> queries;
  for (size_t q = 0; q < count; ++q) {
    queries.push_back({of[q], {all.Data() + q * dimension, all.Data() + (q + 1) * dimension}});
  }
  return queries;
}

ol::isa isa_at(const Napi::Value& value) {
  if (value.IsUndefined()) return ol::best_isa();
  ol::isa found;
  if (!ol::parse_isa(value.ToString().Utf8Value().c_str(), &found) || !ol::isa_supported(found)) {
    raise(value.Env(), "NATIVE_ARGUMENT", "no such instruction set here");
  }
  return found;
}

// index, session, bytes: the index's rows in the memory of the session's device; undefined where it has none of its own
Napi::Value keep(const Napi::CallbackInfo& info) {
  const double bytes = number(info[2], "bytes");
  if (!(bytes >= 0 && bytes <= MAX_KEPT)) raise(info.Env(), "NATIVE_ARGUMENT", "bytes to keep are not 0 to 2^50");
  return task<resident_handle>::start(
      info.Env(),
      [of = index_at(info[0]), session = unwrap<ol_session>(info[1])->held, budget = static_cast<size_t>(bytes)] {
        return sketches::keep_index(of, *session->device, budget);
      },
      [](Napi::Env env, resident_handle& made) -> Napi::Value {
        if (!made) return env.Undefined();
        auto value = Napi::External<resident_handle>::New(env, new resident_handle(made),
                                                          [](Napi::Env, resident_handle* dead) { delete dead; });
        value.TypeTag(&RESIDENT_TAG);
        return value;
      },
      CODES);
}

// index, values, exponents, e0, threads, isa, what `keep` gave for the index
Napi::Value score(const Napi::CallbackInfo& info) {
  const index_handle of = index_at(info[0]);
  const resident_handle kept = info[6].IsUndefined() ? nullptr : held<resident_handle>(info[6], RESIDENT_TAG, "a kept index");
  if (kept && kept->of != of) raise(info.Env(), "NATIVE_ARGUMENT", "another index is kept there");
  return task<scores_handle>::start(
      info.Env(),
      [of, queries = queries_at(info[1], info[2], of->dimension()), e0 = integer(info[3], "e0"),
       threads = threads_at(info[4]), isa = isa_at(info[5]), kept] {
        if (kept) return std::make_shared<const sketches::scores>(sketches::score_resident(*kept, queries, e0));
        return std::make_shared<const sketches::scores>(sketches::score_rows(of, queries, e0, threads, isa));
      },
      [](Napi::Env env, scores_handle& made) {
        const auto bytes = static_cast<int64_t>(made->queries * made->of->rows() * 8);
        Napi::MemoryManagement::AdjustExternalMemory(env, bytes);
        auto value = Napi::External<scores_handle>::New(env, new scores_handle(made), [bytes](Napi::Env on, scores_handle* dead) {
          Napi::MemoryManagement::AdjustExternalMemory(on, -bytes);
          delete dead;
        });
        value.TypeTag(&SCORES_TAG);
        return value;
      },
      CODES);
}

// index, threads
Napi::Value read(const Napi::CallbackInfo& info) {
  return task<uint64_t>::start(
      info.Env(),
      [of = index_at(info[0]), threads = threads_at(info[1])] { return sketches::read_records(*of, threads); },
      [](Napi::Env env, uint64_t& sum) { return Napi::BigInt::New(env, sum); }, CODES);
}

Napi::Value listed(Napi::Env env, std::vector<sketches::scored_row>& rows) {
  auto ids = Napi::Uint32Array::New(env, rows.size());
  auto values = Napi::BigInt64Array::New(env, rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    ids[i] = static_cast<uint32_t>(rows[i].row);
    values[i] = rows[i].score;
  }
  auto result = Napi::Object::New(env);
  result.Set("rows", ids);
  result.Set("scores", values);
  return result;
}

// scores, query, limit, except (ascending)
Napi::Value best(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const scores_handle from = scores_at(info[0]);
  const uint32_t query = whole(info[1], "query", UINT32_MAX), limit = whole(info[2], "limit", MAX_LISTED);
  if (query >= from->queries) raise(env, "NATIVE_ARGUMENT", "no such query");
  const auto aside = array<Napi::Uint32Array>(info[3], napi_uint32_array, "except");
  std::vector<uint32_t> except(aside.Data(), aside.Data() + aside.ElementLength());
  if (!std::is_sorted(except.begin(), except.end())) raise(env, "NATIVE_ARGUMENT", "the rows left out are not ascending");
  return task<std::vector<sketches::scored_row>>::start(
      env, [from, query, limit, except] { return from->rows->best(query, limit, except); }, listed, CODES);
}

// scores, query, rows: one score each, the lowest number for none
Napi::Value pick(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const scores_handle from = scores_at(info[0]);
  const uint32_t query = whole(info[1], "query", UINT32_MAX);
  if (query >= from->queries) raise(env, "NATIVE_ARGUMENT", "no such query");
  const auto rows = array<Napi::Uint32Array>(info[2], napi_uint32_array, "rows");
  const std::vector<uint32_t> asked(rows.Data(), rows.Data() + rows.ElementLength());
  for (const uint32_t row : asked)
    if (row >= from->of->rows()) raise(env, "NATIVE_ARGUMENT", "no such row");
  std::vector<int64_t> scores;
  try {
    scores = from->rows->pick(query, asked);
  } catch (const spans::failure& f) {
    raise(env, f.code(), f.what());
  }
  auto found = Napi::BigInt64Array::New(env, scores.size());
  std::copy(scores.begin(), scores.end(), found.Data());
  return found;
}

// index, values of one query, limit, threads
Napi::Value likely(const Napi::CallbackInfo& info) {
  const index_handle of = index_at(info[0]);
  const auto values = array<Napi::Int16Array>(info[1], napi_int16_array, "values");
  sketches::query asked{0, {values.Data(), values.Data() + values.ElementLength()}};
  return task<std::vector<sketches::scored_row>>::start(
      info.Env(),
      [of, asked = std::move(asked), limit = whole(info[2], "limit", MAX_LISTED), threads = threads_at(info[3])] {
        return sketches::likely_rows(*of, asked, limit, threads);
      },
      listed, CODES);
}

}  // namespace

void add_sketches(Napi::Env env, Napi::Object exports) {
  add(env, exports, "sketchesWrite", write);
  add(env, exports, "sketchesCompact", compact);
  add(env, exports, "sketchesOpen", open);
  add(env, exports, "sketchesAbout", about);
  add(env, exports, "sketchesPath", path);
  add(env, exports, "sketchesKeep", keep);
  add(env, exports, "sketchesScore", score);
  add(env, exports, "sketchesRead", read);
  add(env, exports, "sketchesBest", best);
  add(env, exports, "sketchesPick", pick);
  add(env, exports, "sketchesLikely", likely);
}

}  // namespace ol_node
