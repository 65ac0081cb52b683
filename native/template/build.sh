#!/usr/bin/env bash
# Builds the module from src/ on Debian 12 (x86-64) and prints its digest, with the compiler of ../evm/packages.txt:
# downloaded and unpacked in the scratch folder, or taken from a build of ../evm. The same packages give the same bytes.
#   ./build.sh [scratch folder [output file]]
# RUST_TOOLCHAIN=FOLDER takes the compiler that is unpacked in FOLDER.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scratch=${1:-$(mktemp -d)}
output=${2:-$here/openledger_template.wasm}
mkdir -p "$scratch/packages"
scratch=$(cd "$scratch" && pwd)
start=$SECONDS

# The standard library's sources lie inside the crate's folder: cargo names them relative to it, whatever it is called.
crate=$scratch/crate
tools=$crate/toolchain/usr
if [ ! -e "$tools" ]; then
  mkdir -p "$crate/toolchain"
  if [ -n "${RUST_TOOLCHAIN:-}" ]; then
    cp -a "$RUST_TOOLCHAIN/." "$crate/toolchain/"
  else
    # shellcheck disable=SC2046
    (cd "$scratch/packages" && apt-get download $(cat "$here/../evm/packages.txt"))
    for package in "$scratch/packages"/*.deb; do dpkg -x "$package" "$crate/toolchain"; done
  fi
fi
rm -rf "$crate/src"
cp -r "$here/src" "$here/Cargo.toml" "$here/Cargo.lock" "$crate/"

export LD_LIBRARY_PATH=$tools/lib/x86_64-linux-gnu
export PATH=$tools/bin:$PATH RUSTC=$tools/bin/rustc
# The standard library for wasm32 is built from its sources, which a stable compiler only does when told so.
export RUSTC_BOOTSTRAP=1 CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=$scratch/target CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$tools/bin/wasm-ld-22
# No path of this machine gets into the module. A panic traps at once. 64 MiB is all the memory that a render may have.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--remap-path-prefix=$crate=/template \
--remap-path-prefix=$CARGO_HOME=/cargo -Zlocation-detail=none -Zunstable-options -Cpanic=immediate-abort \
-Clink-arg=--max-memory=67108864 -Clink-arg=-zstack-size=4194304"
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS RUSTC_WRAPPER

(cd "$crate" && cargo build --locked --lib --release --target wasm32-unknown-unknown \
  -Z build-std=std,panic_abort)
wasm-opt -O3 --enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int --enable-mutable-globals \
  --enable-multivalue --enable-reference-types \
  "$scratch/target/wasm32-unknown-unknown/release/openledger_template.wasm" -o "$output"
if grep -qaF -e "$scratch" -e "$CARGO_HOME" "$output"; then
  echo "the module holds a path of this machine" >&2
  exit 1
fi
echo "$(sha256sum <"$output" | cut -d' ' -f1)  $(stat -c %s "$output") bytes, $((SECONDS - start)) s"
