// Reads weights from memory or files straight into the order in which they stay, panel by panel.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "core/error.h"
#include "core/model.h"
#include "cpu/isa.h"
#include "cpu/pool.h"

namespace ol {
namespace {

struct descriptor {
  explicit descriptor(const char* path) : number(::open(path, O_RDONLY | O_CLOEXEC)) {}
  ~descriptor() {
    if (number >= 0) ::close(number);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  const int number;
};

class weight_file {
 public:
  explicit weight_file(const ol_weight_file& named) : path_(named.path), size_(named.size), open_(named.path) {
    if (open_.number < 0) broken(std::strerror(errno));
    struct stat about;
    if (::fstat(open_.number, &about) != 0 || !S_ISREG(about.st_mode)) broken("it is no regular file");
    if (static_cast<uint64_t>(about.st_size) != size_) broken("its size has changed");
  }

  uint64_t size() const { return size_; }
  void read(uint8_t* to, uint64_t offset, size_t bytes) const {
    while (bytes > 0) {
      const ssize_t got = ::pread(open_.number, to, bytes, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) broken(got == 0 ? "it became shorter while it was read" : std::strerror(errno));
      to += got;
      offset += static_cast<uint64_t>(got);
      bytes -= static_cast<size_t>(got);
    }
  }

 private:
  [[noreturn]] void broken(const char* why) const {
    fail(OL_ERROR_FILE, "the file " + path_ + " cannot be read: " + why);
  }
  std::string path_;
  uint64_t size_;
  descriptor open_;
};

// The rows of one tensor, in the model's order.
class row_reader {
 public:
  row_reader(const tensor_info& tensor, const ol_tensor_source& source,
             const std::vector<std::unique_ptr<weight_file>>& files)
      : tensor_(tensor), source_(source) {
    const bool vector = tensor.cols == 0;
    rows_ = vector ? 1 : tensor.rows;
    stride_ = row_bytes(source.format, vector ? tensor.rows : tensor.cols);
    if (source.bytes != stride_ * static_cast<uint64_t>(rows_)) {
      fail(OL_ERROR_TENSOR, "tensor " + tensor.name + " has " + std::to_string(source.bytes) + " bytes; its shape as " +
                                info_of(source.format).name + " needs " +
                                std::to_string(stride_ * static_cast<uint64_t>(rows_)));
    }
    if (source.heads > 0 && (tensor.rows % source.heads != 0 || tensor.rows / source.heads % 2 != 0)) {
      fail(OL_ERROR_TENSOR, "tensor " + tensor.name + " has no rows for so many heads");
    }
    if (source.data) return;
    if (source.file < 0 || static_cast<size_t>(source.file) >= files.size()) {
      fail(OL_ERROR_ARGUMENT, "tensor " + tensor.name + " names a file that is not there");
    }
    file_ = files[static_cast<size_t>(source.file)].get();
    if (source.offset > file_->size() || source.bytes > file_->size() - source.offset) {
      fail(OL_ERROR_FILE, "tensor " + tensor.name + " reaches past the end of its file");
    }
  }

  size_t stride() const { return stride_; }

  // Row `row` of the model is this row of the source: llama.cpp lays the halves of a head's pairs side by side.
  int64_t source_row(int64_t row) const {
    if (source_.heads <= 0) return row;
    const int64_t d = tensor_.rows / source_.heads, within = row % d;
    return row - within + (within % (d / 2)) * 2 + within / (d / 2);
  }

  // `count` rows from `first` on, side by side in `buffer` or where they are.
  const uint8_t* rows(int64_t first, int count, std::vector<uint8_t>* buffer) const {
    if (source_.heads <= 0) return fetch(first, count, buffer);
    std::vector<uint8_t> one;
    std::vector<uint8_t> all(stride_ * static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
      std::memcpy(all.data() + i * stride_, fetch(source_row(first + i), 1, &one), stride_);
    }
    buffer->swap(all);
    return buffer->data();
  }

  void check(const uint8_t* row, int64_t number, int64_t values) const {
    const int64_t bad = first_not_finite(source_.format, row, values);
    if (bad >= 0) {
      fail(OL_ERROR_FINITE, "tensor " + tensor_.name + " has a value that is not finite, at " +
                                std::to_string(number * values + bad));
    }
  }

  // Rows of the source as they stand there.
  const uint8_t* fetch(int64_t first, int count, std::vector<uint8_t>* buffer) const {
    const uint64_t at = stride_ * static_cast<uint64_t>(first);
    if (source_.data) return static_cast<const uint8_t*>(source_.data) + at;
    buffer->resize(stride_ * static_cast<size_t>(count));
    file_->read(buffer->data(), source_.offset + at, buffer->size());
    return buffer->data();
  }

 private:
  const tensor_info& tensor_;
  const ol_tensor_source& source_;
  const weight_file* file_ = nullptr;
  int64_t rows_;
  size_t stride_;
};

void load_vector(const tensor_info& tensor, const ol_tensor_source& source, const row_reader& reader,
                 std::vector<float>* out) {
  // A vector is one row of values; llama.cpp's order then concerns its values.
  std::vector<uint8_t> buffer;
  const uint8_t* bytes = reader.fetch(0, 1, &buffer);
  reader.check(bytes, 0, tensor.rows);
  const format_info& info = info_of(source.format);
  std::vector<float> values(static_cast<size_t>(tensor.rows));
  for (int64_t i = 0; i < tensor.rows; i += info.values, bytes += info.bytes) widen_block(source.format, bytes, &values[i]);
  out->resize(values.size());
  for (int64_t i = 0; i < tensor.rows; ++i) (*out)[i] = values[static_cast<size_t>(reader.source_row(i))];
}

// What was freed on the way here, by the reader of a tokenizer too, goes back to the system: glibc keeps free pages between used ones.
void give_back_free_pages() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

}  // namespace

std::shared_ptr<const model> load_model(const ol_config& config, const ol_tensor_source* sources, size_t count,
                                        const ol_weight_file* files, size_t file_count) {
  check_config(config);
  auto made = std::make_shared<model>();
  made->config = config;
  made->layout = layout_of(config);
  const auto& tensors = made->layout.tensors;
  if (count != tensors.size()) fail(OL_ERROR_TENSOR, "the model has " + std::to_string(tensors.size()) + " tensors");
  std::vector<std::unique_ptr<weight_file>> opened;
  for (size_t f = 0; f < file_count; ++f) opened.push_back(std::make_unique<weight_file>(files[f]));
  std::vector<row_reader> readers;
  for (size_t i = 0; i < count; ++i) readers.emplace_back(tensors[i], sources[i], opened);

  struct part {
    size_t tensor;
    int first, last;  // panels
  };
  std::vector<part> parts;
  made->matrices.resize(count);
  made->vectors.resize(count);
  for (size_t i = 0; i < count; ++i) {
    if (tensors[i].cols == 0) {
      load_vector(tensors[i], sources[i], readers[i], &made->vectors[i]);
      continue;
    }
    made->matrices[i] =
        stored_matrix(sources[i].format, static_cast<int>(tensors[i].rows), static_cast<int>(tensors[i].cols));
    const int panels = made->matrices[i].panels();
    for (int p = 0; p < panels; p += 8) parts.push_back({i, p, std::min(panels, p + 8)});
  }
  pool team(std::max(1, std::min(8, static_cast<int>(std::thread::hardware_concurrency()))));
  std::vector<std::vector<uint8_t>> buffers(static_cast<size_t>(team.threads()));
  team.run(static_cast<int>(parts.size()), [&](int task, int worker) {
    const part& work = parts[static_cast<size_t>(task)];
    stored_matrix& to = made->matrices[work.tensor];
    const row_reader& reader = readers[work.tensor];
    for (int p = work.first; p < work.last; ++p) {
      const int first = p * panel_rows, rows = std::min(panel_rows, to.rows() - first);
      const uint8_t* from = reader.rows(first, rows, &buffers[static_cast<size_t>(worker)]);
      for (int r = 0; r < rows; ++r) reader.check(from + r * reader.stride(), first + r, to.cols());
      to.fill_panel(p, from, rows);
    }
  });
  buffers.clear();
  give_back_free_pages();
  return made;
}

std::shared_ptr<const model> make_model(const ol_config& config, const float* flat, size_t count) {
  check_config(config);
  const model_layout layout = layout_of(config);
  check_weights(layout, flat, count);
  std::vector<ol_tensor_source> sources;
  for (const auto& tensor : layout.tensors) {
    sources.push_back({OL_FORMAT_F32, 0, flat + tensor.offset, 0, 0, tensor.count * sizeof(float)});
  }
  return load_model(config, sources.data(), sources.size(), nullptr, 0);
}

}  // namespace ol
