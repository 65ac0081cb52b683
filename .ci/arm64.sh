#!/usr/bin/env bash
# The native core on a 64-bit ARM: its tests as programs, built by Debian's cross compiler and run under qemu, must compute the
# bytes that this machine computes. The packages are unpacked into a folder, nothing is installed; where they are not to be had,
# a line says so.
set -euo pipefail
cd "$(dirname "$0")/.."
start=$SECONDS
say() { echo "arm64: $1 ($((SECONDS - start)) s)"; }

packages=(g++-12-aarch64-linux-gnu gcc-12-aarch64-linux-gnu cpp-12-aarch64-linux-gnu binutils-aarch64-linux-gnu
  libc6-dev-arm64-cross libc6-arm64-cross libstdc++-12-dev-arm64-cross libgcc-12-dev-arm64-cross libgcc-s1-arm64-cross
  libstdc++6-arm64-cross linux-libc-dev-arm64-cross qemu-user-static)
tools=$PWD/build/arm64-tools
if [ "$(uname -m)" = aarch64 ]; then
  say "this machine is one itself: nothing to do"
  exit 0
fi
if [ ! -e "$tools/unpacked" ]; then
  if ! command -v apt-get >/dev/null || [ "$(dpkg --print-architecture)" != amd64 ]; then
    say "NOT checked: no Debian packages for amd64 here"
    exit 0
  fi
  mkdir -p "$tools/packages"
  .ci/apt-lists.sh
  if ! (cd "$tools/packages" && apt-get download "${packages[@]}") >/dev/null 2>&1; then
    say "NOT checked: the packages of the cross compiler or of qemu are not to be had"
    exit 0
  fi
  for package in "$tools/packages"/*.deb; do dpkg -x "$package" "$tools"; done
  rm -r "$tools/packages"
  touch "$tools/unpacked"
fi

# The linker scripts of the C library name it by its place under /usr: they look in the unpacked folder first.
target=$tools/usr/aarch64-linux-gnu
sed -i "s#/usr/aarch64-linux-gnu/lib/##g" "$target/lib/libc.so" "$target/lib/libm.so" 2>/dev/null || true
export LD_LIBRARY_PATH=$tools/usr/lib/x86_64-linux-gnu
compile="-B$tools/usr/bin/aarch64-linux-gnu- -isystem $target/include/c++/12 -isystem $target/include/c++/12/aarch64-linux-gnu -isystem $target/include"
link="-static -B$target/lib -L$target/lib -L$tools/usr/lib/gcc-cross/aarch64-linux-gnu/12"
programs=(products jobs serving hostile suffixes)

build() {
  local folder=$1
  shift
  cmake -S test/native/programs -B "$folder" -DCMAKE_BUILD_TYPE=Release "$@" >/dev/null
  cmake --build "$folder" --parallel "$(nproc)" --target "${programs[@]}" >/dev/null
}

build build/arm64 -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_C_COMPILER="$tools/usr/bin/aarch64-linux-gnu-gcc-12" -DCMAKE_CXX_COMPILER="$tools/usr/bin/aarch64-linux-gnu-g++-12" \
  -DCMAKE_C_FLAGS="$compile" -DCMAKE_CXX_FLAGS="$compile" -DCMAKE_EXE_LINKER_FLAGS="$link" \
  -DCMAKE_AR="$tools/usr/bin/aarch64-linux-gnu-ar" -DCMAKE_RANLIB="$tools/usr/bin/aarch64-linux-gnu-ranlib" \
  -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY
unset LD_LIBRARY_PATH
# What npm run test:sanitize builds without a sanitizer, too.
build build/sanitize-none
for program in "${programs[@]}"; do
  diff <("build/sanitize-none/$program" 1) <("$tools/usr/bin/qemu-aarch64-static" "build/arm64/$program" 1) || {
    say "$program computes other bytes than here"
    exit 1
  }
done
say "the same bytes in ${programs[*]}"
