// Spans for JavaScript. Everything that reads a file or takes long runs on the thread pool and answers with a promise.
#include "addon.h"
#include "spans/bm25.h"
#include "spans/trace.h"
#include "spans_task.h"
#include "values.h"

namespace ol_node {
namespace {

using handle = std::shared_ptr<const spans::shard>;
constexpr napi_type_tag SHARD_TAG{0x6f70656e6c656467ULL, 6};
constexpr size_t MAX_SHARDS = 4096;
constexpr size_t MAX_VALUES = 1 << 24;

template <typename A, typename T>
std::vector<T> copied(const Napi::Value& value, napi_typedarray_type type, const char* what) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    raise(value.Env(), "NATIVE_ARGUMENT", std::string(what) + " has the wrong type");
  }
  const A array = value.As<A>();
  return std::vector<T>(array.Data(), array.Data() + array.ElementLength());
}

std::vector<uint32_t> words(const Napi::Value& value, const char* what) {
  return copied<Napi::Uint32Array, uint32_t>(value, napi_uint32_array, what);
}

std::vector<uint8_t> octets(const Napi::Value& value, const char* what) {
  return copied<Napi::Uint8Array, uint8_t>(value, napi_uint8_array, what);
}

uint32_t count_of(const Napi::Value& value, const char* what) {
  const double given = number(value, what);
  if (!(given >= 0 && given <= UINT32_MAX) || given != static_cast<double>(static_cast<uint32_t>(given))) {
    raise(value.Env(), "NATIVE_ARGUMENT", std::string(what) + " is no whole number of 32 bits");
  }
  return static_cast<uint32_t>(given);
}

unsigned threads_of(const Napi::Value& value) {
  const uint32_t threads = count_of(value, "threads");
  if (threads == 0 || threads > 256) raise(value.Env(), "NATIVE_ARGUMENT", "threads is not 1 to 256");
  return threads;
}

handle shard_of(const Napi::Value& value) {
  if (value.IsExternal()) {
    const auto external = value.As<Napi::External<handle>>();
    if (external.CheckTypeTag(&SHARD_TAG)) return *external.Data();
  }
  raise(value.Env(), "NATIVE_ARGUMENT", "expected a shard");
}

spans::shards shards_of(const Napi::Value& value) {
  if (!value.IsArray()) raise(value.Env(), "NATIVE_ARGUMENT", "expected a list of shards");
  const auto list = value.As<Napi::Array>();
  if (list.Length() == 0 || list.Length() > MAX_SHARDS) raise(value.Env(), "NATIVE_ARGUMENT", "not 1 to 4096 shards");
  spans::shards all;
  for (uint32_t i = 0; i < list.Length(); ++i) all.push_back(shard_of(list.Get(i)));
  return all;
}

std::vector<spans::symbol> pattern_of(const Napi::Value& value) {
  auto pattern = words(value, "pattern");
  if (pattern.empty() || std::find(pattern.begin(), pattern.end(), 0u) != pattern.end()) {
    raise(value.Env(), "NATIVE_ARGUMENT", "a pattern is empty or holds the end of a document");
  }
  return pattern;
}

Napi::Value nothing(Napi::Env env, bool&) { return env.Undefined(); }

Napi::Uint32Array words_to(Napi::Env env, const std::vector<uint32_t>& values) {
  auto array = Napi::Uint32Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

Napi::Uint8Array octets_to(Napi::Env env, const uint8_t* data, size_t length) {
  auto array = Napi::Uint8Array::New(env, length);
  std::copy(data, data + length, array.Data());
  return array;
}

std::shared_ptr<spans::corpus> corpus_of(const Napi::CallbackInfo& info, size_t first) {
  auto from = std::make_shared<spans::corpus>();
  from->tokens = words(info[first], "tokens");
  const auto ends = words(info[first + 1], "ends");
  from->ends.assign(ends.begin(), ends.end());
  from->rows = words(info[first + 2], "rows");
  from->contributors = octets(info[first + 3], "contributors");
  return from;
}

Napi::Value sort(const Napi::CallbackInfo& info) {
  return task<std::vector<uint32_t>>::start(
      info.Env(),
      [from = corpus_of(info, 0), threads = threads_of(info[4])] { return spans::sort_corpus(*from, threads); },
      words_to);
}

Napi::Value write(const Napi::CallbackInfo& info) {
  const auto from = corpus_of(info, 1);
  const unsigned threads = threads_of(info[5]);
  return task<bool>::start(
      info.Env(),
      [from, path = info[0].ToString().Utf8Value(), threads] {
        spans::write_shard(*from, path, threads);
        return true;
      },
      nothing);
}

Napi::Value compact(const Napi::CallbackInfo& info) {
  const unsigned threads = threads_of(info[2]);
  return task<bool>::start(
      info.Env(),
      [parts = shards_of(info[0]), path = info[1].ToString().Utf8Value(), threads] {
        spans::corpus all = spans::joined(parts);
        spans::write_shard(all, path, threads);
        return true;
      },
      nothing);
}

Napi::Value open(const Napi::CallbackInfo& info) {
  const unsigned threads = threads_of(info[2]);
  const bool verify = info[1].ToBoolean();
  return task<handle>::start(
      info.Env(),
      [path = info[0].ToString().Utf8Value(), verify, threads] { return spans::shard::open(path, verify, threads); },
      [](Napi::Env env, handle& made) {
        auto value = Napi::External<handle>::New(env, new handle(made), [](Napi::Env, handle* dead) { delete dead; });
        value.TypeTag(&SHARD_TAG);
        return value;
      });
}

Napi::Value about(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const spans::header& head = shard_of(info[0])->head();
  auto result = Napi::Object::New(env);
  result.Set("symbols", static_cast<double>(head.symbols));
  result.Set("documents", static_cast<double>(head.documents));
  result.Set("symbolBytes", head.symbol_bytes);
  static const char* const names[] = {"text", "array", "inverse", "table"};
  for (int i = 0; i < spans::TREES_COUNT; ++i) result.Set(names[i], octets_to(env, head.roots[i], spans::HASH));
  return result;
}

// What JavaScript needs of occurrences, read on the thread pool.
struct listed {
  std::vector<double> facts;  // shard, rank, position, document, token of the document, row
  std::vector<uint8_t> contributors;
};

listed described(const spans::shards& in, const std::vector<spans::occurrence>& found) {
  listed all;
  for (const auto& one : found) {
    const spans::document_record record = in[one.shard]->document(one.document);
    for (const double fact : {double(one.shard), double(one.rank), double(one.position), double(one.document),
                              double(one.position - record.start), double(record.row)}) {
      all.facts.push_back(fact);
    }
    all.contributors.insert(all.contributors.end(), record.contributor, record.contributor + 20);
  }
  return all;
}

void add_listed(Napi::Env env, Napi::Object result, const listed& all) {
  auto facts = Napi::Float64Array::New(env, all.facts.size());
  std::copy(all.facts.begin(), all.facts.end(), facts.Data());
  result.Set("occurrences", facts);
  result.Set("contributors", octets_to(env, all.contributors.data(), all.contributors.size()));
}

struct traced {
  spans::trace_result result;
  listed occurrences;
};

Napi::Value trace(const Napi::CallbackInfo& info) {
  spans::trace_request request;
  request.answer = pattern_of(info[1]);
  request.information = octets(info[2], "information");
  request.marks = octets(info[3], "marks");
  if (request.information.size() != request.answer.size() || request.marks.size() != request.answer.size()) {
    raise(info.Env(), "NATIVE_ARGUMENT", "information and marks are not as long as the answer");
  }
  const auto limits = words(info[4], "limits");
  if (limits.size() != 5) raise(info.Env(), "NATIVE_ARGUMENT", "expected five limits");
  request.least_length = limits[0];
  request.least_information = limits[1];
  request.max_spans = limits[2];
  request.max_occurrences = limits[3];
  request.max_total = limits[4];
  request.threads = threads_of(info[5]);
  return task<traced>::start(
      info.Env(),
      [in = shards_of(info[0]), request = std::move(request)] {
        traced all{spans::trace(in, request), {}};
        all.occurrences = described(in, all.result.occurrences);
        return all;
      },
      [](Napi::Env env, traced& all) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("longest", words_to(env, all.result.longest));
        auto facts = Napi::Float64Array::New(env, 5 * all.result.spans.size());
        size_t at = 0;
        for (const auto& span : all.result.spans) {
          for (const double fact : {double(span.start), double(span.end), double(span.information), double(span.count),
                                    double(span.listed)}) {
            facts[at++] = fact;
          }
        }
        result.Set("spans", facts);
        add_listed(env, result, all.occurrences);
        return result;
      });
}

struct found {
  uint64_t count;
  listed occurrences;
};

Napi::Value find(const Napi::CallbackInfo& info) {
  const uint32_t limit = count_of(info[2], "limit");
  return task<found>::start(
      info.Env(),
      [in = shards_of(info[0]), pattern = pattern_of(info[1]), limit] {
        std::vector<spans::occurrence> list;
        const uint64_t count = spans::list_occurrences(in, pattern, limit, list);
        return found{count, described(in, list)};
      },
      [](Napi::Env env, found& all) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("count", static_cast<double>(all.count));
        add_listed(env, result, all.occurrences);
        return result;
      });
}

struct placed {
  spans::match longest;
  spans::interval ranks;
};

Napi::Value place(const Napi::CallbackInfo& info) {
  return task<placed>::start(
      info.Env(),
      [in = shard_of(info[0]), pattern = pattern_of(info[1])] {
        return placed{spans::longest_match(*in, pattern.data(), pattern.size()),
                      spans::occurrences(*in, pattern.data(), pattern.size())};
      },
      [](Napi::Env env, placed& at) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("rank", static_cast<double>(at.longest.rank));
        result.Set("length", at.longest.length);
        result.Set("count", static_cast<double>(at.ranks.size()));
        return result;
      });
}

Napi::Value values(const Napi::CallbackInfo& info) {
  const uint32_t section = count_of(info[1], "section"), from = count_of(info[2], "from"), count = count_of(info[3], "count");
  const handle in = shard_of(info[0]);
  if (section > spans::COMMON || uint64_t{from} + count > in->symbols() || count > MAX_VALUES) {
    raise(info.Env(), "NATIVE_ARGUMENT", "no such values");
  }
  return task<std::vector<uint32_t>>::start(
      info.Env(),
      [in, section, from, count] {
        std::vector<uint32_t> all(count);
        for (uint32_t i = 0; i < count; ++i) {
          all[i] = section == spans::TEXT ? in->text_at(uint64_t{from} + i)
                                          : in->values(static_cast<spans::section>(section))[uint64_t{from} + i];
        }
        return all;
      },
      words_to);
}

Napi::Value vocabulary(const Napi::CallbackInfo& info) {
  return task<std::vector<uint32_t>>::start(
      info.Env(),
      [in = shard_of(info[0])] {
        const uint32_t* const all = reinterpret_cast<const uint32_t*>(in->vocabulary());
        return std::vector<uint32_t>(all, all + 3 * in->head().vocabulary);
      },
      words_to);
}

Napi::Value opening(const Napi::CallbackInfo& info) {
  struct opened {
    std::vector<uint8_t> bytes, path;
  };
  const uint32_t tree = count_of(info[1], "tree"), first = count_of(info[2], "first"), last = count_of(info[3], "last");
  if (tree >= spans::TREES_COUNT || last < first || last - first > 4096) {
    raise(info.Env(), "NATIVE_ARGUMENT", "no such leaves");
  }
  return task<opened>::start(
      info.Env(),
      [in = shard_of(info[0]), tree, first, last] {
        opened made;
        in->opening(static_cast<spans::tree>(tree), first, last, made.bytes, made.path);
        return made;
      },
      [](Napi::Env env, opened& made) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("bytes", octets_to(env, made.bytes.data(), made.bytes.size()));
        result.Set("path", octets_to(env, made.path.data(), made.path.size()));
        return result;
      });
}

Napi::Value bm25(const Napi::CallbackInfo& info) {
  spans::bm25_request request;
  request.symbols = pattern_of(info[1]);
  request.times = words(info[2], "times");
  request.weights = words(info[3], "weights");
  request.limit = count_of(info[4], "limit");
  request.threads = threads_of(info[5]);
  const size_t size = request.symbols.size();
  const bool ascends = std::adjacent_find(request.symbols.begin(), request.symbols.end(), std::greater_equal<>()) ==
                       request.symbols.end();
  if (request.times.size() != size || request.weights.size() != size || size > 4096 || !ascends || request.limit == 0) {
    raise(info.Env(), "NATIVE_ARGUMENT", "the query's symbols do not ascend, or its lists do not fit together");
  }
  return task<std::vector<spans::bm25_hit>>::start(
      info.Env(), [in = shards_of(info[0]), request = std::move(request)] { return spans::bm25(in, request); },
      [](Napi::Env env, std::vector<spans::bm25_hit>& hits) -> Napi::Value {
        auto all = Napi::BigUint64Array::New(env, 2 * hits.size());
        for (size_t i = 0; i < hits.size(); ++i) {
          all[2 * i] = hits[i].document;
          all[2 * i + 1] = hits[i].score;
        }
        return all;
      });
}

}  // namespace

void add_spans(Napi::Env env, Napi::Object exports) {
  add(env, exports, "spansSort", sort);
  add(env, exports, "spansWrite", write);
  add(env, exports, "spansCompact", compact);
  add(env, exports, "spansOpen", open);
  add(env, exports, "spansAbout", about);
  add(env, exports, "spansTrace", trace);
  add(env, exports, "spansFind", find);
  add(env, exports, "spansPlace", place);
  add(env, exports, "spansValues", values);
  add(env, exports, "spansVocabulary", vocabulary);
  add(env, exports, "spansOpening", opening);
  add(env, exports, "spansBm25", bm25);
}

}  // namespace ol_node
