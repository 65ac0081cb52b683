// Files mapped into memory, for JavaScript to look at without reading them.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "addon.h"
#include "values.h"

namespace ol_node {
namespace {

// Node 20's longest array.
const uint64_t longest = uint64_t{1} << 32;

Napi::Value map_file(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string path = info[0].ToString();
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) raise(env, "NATIVE_FILE", "cannot open " + path + ": " + std::strerror(errno));
  struct stat about;
  void* memory = nullptr;
  const bool regular = ::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
  const uint64_t size = regular ? static_cast<uint64_t>(about.st_size) : 0;
  if (regular && size > 0 && size <= longest) {
    memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0);
  }
  ::close(descriptor);
  if (!regular) raise(env, "NATIVE_FILE", path + " is no regular file");
  if (size > longest) raise(env, "NATIVE_ARGUMENT", path + " is longer than 4 GiB");
  if (size == 0) return Napi::ArrayBuffer::New(env, 0);
  if (memory == MAP_FAILED) raise(env, "NATIVE_FILE", "cannot map " + path + ": " + std::strerror(errno));
  return Napi::ArrayBuffer::New(env, memory, size, [size](Napi::Env, void* dead) { ::munmap(dead, size); });
}

}  // namespace

void add_files(Napi::Env env, Napi::Object exports) { add(env, exports, "mapFile", map_file); }

}  // namespace ol_node
