// What a caller may get wrong is refused with a status and a text, and nothing is read past the end of anything.
#include <unistd.h>

#include "common.h"

namespace {

void expect(int status, int wanted) {
  if (status != wanted) std::printf("%s: %s\n", ol_status_name(status), status ? ol_error_text() : "");
  CHECK(status == wanted);
  CHECK(status == OL_OK || std::strlen(ol_error_text()) > 0);
}

void configs() {
  int64_t count = 0;
  const ol_config good = small_config();
  for (int field = 0; field < 8; ++field) {
    for (const int32_t bad : {0, -1, INT32_MAX, INT32_MIN}) {
      ol_config c = good;
      std::memcpy(reinterpret_cast<uint8_t*>(&c) + field * sizeof(int32_t), &bad, sizeof bad);
      expect(ol_model_tensor_count(&c, &count), OL_ERROR_CONFIG);
    }
  }
  ol_config c = good;
  c.rms_eps = __builtin_nanf("");
  expect(ol_model_tensor_count(&c, &count), OL_ERROR_CONFIG);
  for (const int32_t rank : {0, -3, INT32_MAX}) expect(ol_adapter_tensor_count(&good, rank, all_linears, &count), OL_ERROR_CONFIG);
}

void matrices() {
  const session_ptr session = open_session("", 2);
  random_numbers random{3};
  std::vector<float> x(512), y(8);
  for (const format_case& format : all_formats()) {
    const int cols = format.values == 1 ? 40 : 512 / format.values * format.values;
    std::vector<uint8_t> bytes = random_weights(format, static_cast<size_t>(8) * cols, random, 16);
    x.assign(static_cast<size_t>(cols), 1.0f);
    const auto product = [&](size_t size, int64_t rows, int64_t width) {
      return ol_product(session.get(), OL_ARITHMETIC_Q8, format.number, bytes.data(), size, rows, width, x.data(), 1, y.data());
    };
    expect(product(bytes.size(), 8, cols), OL_OK);
    expect(product(bytes.size() - 1, 8, cols), OL_ERROR_TENSOR);
    expect(product(bytes.size(), 7, cols), OL_ERROR_TENSOR);
    expect(product(bytes.size(), 0, cols), OL_ERROR_ARGUMENT);
    expect(product(bytes.size(), 8, INT64_MAX), OL_ERROR_ARGUMENT);
    if (format.values > 1) expect(product(bytes.size(), 8, cols - 1), OL_ERROR_TENSOR);
    for (int half : format.halves) {
      const uint16_t infinite = 0xfc00;
      std::memcpy(&bytes[bytes.size() - format.bytes + half], &infinite, 2);
      expect(product(bytes.size(), 8, cols), OL_ERROR_FINITE);
      bytes = random_weights(format, static_cast<size_t>(8) * cols, random, 16);
    }
  }
  for (const int32_t format : {-1, 4, 9, 99, INT32_MAX}) {
    const uint8_t byte = 0;
    expect(ol_product(session.get(), OL_ARITHMETIC_F32, format, &byte, 1, 1, 1, x.data(), 1, y.data()), OL_ERROR_TENSOR);
  }
  expect(ol_product(session.get(), 2, OL_FORMAT_F32, nullptr, 0, 1, 1, x.data(), 1, y.data()), OL_ERROR_ARGUMENT);
}

void files() {
  const ol_config config = small_config();
  int64_t count = 0;
  must(ol_model_tensor_count(&config, &count));
  std::string path = "/tmp/openledger-weights-XXXXXX";
  const int descriptor = mkstemp(path.data());
  CHECK(descriptor >= 0);
  std::vector<ol_tensor_source> sources;
  uint64_t size = 0;
  for (int64_t i = 0; i < count; ++i) {
    ol_tensor_info info;
    must(ol_model_tensor(&config, i, &info));
    const uint64_t bytes = static_cast<uint64_t>(info.count) * 4;
    sources.push_back({OL_FORMAT_F32, 0, nullptr, 0, size, bytes});
    size += bytes;
  }
  const std::vector<uint8_t> zeros(size);
  CHECK(write(descriptor, zeros.data(), zeros.size()) == static_cast<ssize_t>(zeros.size()));
  const ol_weight_file file{path.c_str(), size};
  ol_model* model = nullptr;
  expect(ol_model_load(&config, sources.data(), sources.size(), &file, 1, &model), OL_OK);
  ol_model_destroy(model);
  auto broken = sources;
  broken[3].offset = size - 1;
  expect(ol_model_load(&config, broken.data(), broken.size(), &file, 1, &model), OL_ERROR_FILE);
  broken[3].offset = UINT64_MAX - 3;
  expect(ol_model_load(&config, broken.data(), broken.size(), &file, 1, &model), OL_ERROR_FILE);
  broken[3] = sources[3];
  broken[2].file = 1;
  expect(ol_model_load(&config, broken.data(), broken.size(), &file, 1, &model), OL_ERROR_ARGUMENT);
  expect(ol_model_load(&config, sources.data(), sources.size() - 1, &file, 1, &model), OL_ERROR_TENSOR);
  // Shorter than it was when its header was read.
  CHECK(ftruncate(descriptor, static_cast<off_t>(size / 2)) == 0);
  expect(ol_model_load(&config, sources.data(), sources.size(), &file, 1, &model), OL_ERROR_FILE);
  close(descriptor);
  unlink(path.c_str());
  expect(ol_model_load(&config, sources.data(), sources.size(), &file, 1, &model), OL_ERROR_FILE);
}

void requests() {
  const ol_config config = small_config();
  const model_ptr model = small_model(config, all_formats()[0], 3);
  const session_ptr session = open_session("", 1);
  const ol_engine_options good{4, 4, 16, 4, 32, 0, OL_ARITHMETIC_F32};
  ol_engine* made = nullptr;
  for (int field = 0; field < 7; ++field) {
    for (const int32_t bad : {-1, INT32_MAX, INT32_MIN}) {
      ol_engine_options options = good;
      std::memcpy(reinterpret_cast<uint8_t*>(&options) + field * sizeof(int32_t), &bad, sizeof bad);
      expect(ol_engine_create(session.get(), model.get(), &options, &made), OL_ERROR_ARGUMENT);
    }
  }
  must(ol_engine_create(session.get(), model.get(), &good, &made));
  const engine_ptr engine(made);
  const std::vector<int32_t> prompt{1, 2, 3};
  const ol_sampling greedy{0, 0, 0, 0, 1000000, 1000, 0};
  const ol_request fine{prompt.data(), 3, 4, nullptr, 0, 0, 0, 0, greedy};
  uint64_t id = 0;
  const auto refused = [&](const ol_request& request, int status) {
    expect(ol_engine_submit(engine.get(), nullptr, &request, &id), status);
  };
  ol_request r = fine;
  r.count = 0;
  refused(r, OL_ERROR_ARGUMENT);
  r = fine;
  r.max_tokens = 0;
  refused(r, OL_ERROR_ARGUMENT);
  r = fine;
  r.top_logprobs = 21;
  refused(r, OL_ERROR_ARGUMENT);
  r = fine;
  r.sampling.top_p = 0;
  refused(r, OL_ERROR_ARGUMENT);
  const std::vector<int32_t> outside{1, config.vocab};
  r = fine;
  r.ids = outside.data();
  r.count = 2;
  refused(r, OL_ERROR_ARGUMENT);
  ol_engine_cancel(engine.get(), 12345);
  refused(fine, OL_OK);
}

}  // namespace

int main() {
  configs();
  matrices();
  files();
  requests();
  std::printf("hostile: all refused\n");
}
