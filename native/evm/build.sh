#!/usr/bin/env bash
# Builds the module from src/ on Debian 12 (x86-64) and prints its digest. Nothing is installed: the packages of
# packages.txt are downloaded and unpacked in the scratch folder. The same packages give the same bytes in any folder.
#   ./build.sh [scratch folder [output file]]
# EVM_TEST=1 runs the crate's own tests first, natively.
# EVM_ANY_VERSION=1 takes the versions that the package index has, where the pinned ones are gone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scratch=${1:-$(mktemp -d)}
output=${2:-$here/openledger_evm.wasm}
mkdir -p "$scratch/packages"
scratch=$(cd "$scratch" && pwd)
start=$SECONDS

# The standard library's sources lie inside the crate's folder: cargo names them relative to it, whatever it is called.
crate=$scratch/crate
tools=$crate/toolchain/usr
if [ ! -e "$scratch/packages/unpacked" ]; then
  names=$(cat "$here/packages.txt")
  if [ -n "${EVM_ANY_VERSION:-}" ]; then names=$(sed 's/=.*//' "$here/packages.txt"); fi
  # shellcheck disable=SC2086
  (cd "$scratch/packages" && apt-get download $names)
  mkdir -p "$crate/toolchain"
  for package in "$scratch/packages"/*.deb; do dpkg -x "$package" "$crate/toolchain"; done
  touch "$scratch/packages/unpacked"
fi
rm -rf "$crate/src" "$crate/foldhash"
cp -r "$here/src" "$here/foldhash" "$here/Cargo.toml" "$here/Cargo.lock" "$crate/"

export LD_LIBRARY_PATH=$tools/lib/x86_64-linux-gnu
export PATH=$tools/bin:$PATH RUSTC=$tools/bin/rustc
# The standard library for wasm32 is built from its sources, which a stable compiler only does when told so.
export RUSTC_BOOTSTRAP=1 CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=$scratch/target CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$tools/bin/wasm-ld-22
# No path of this machine gets into the module. A panic traps at once: nobody would see its message.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--remap-path-prefix=$crate=/evm \
--remap-path-prefix=$CARGO_HOME=/cargo -Zlocation-detail=none -Zunstable-options -Cpanic=immediate-abort"
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS RUSTC_WRAPPER

if [ -n "${EVM_TEST:-}" ]; then (cd "$crate" && cargo test --locked --lib); fi

# The lock file names the module's crates; those of the standard library have a lock of their own in its sources.
(cd "$crate" && cargo build --locked --lib --release --target wasm32-unknown-unknown \
  -Z build-std=std,panic_abort)
wasm-opt -O3 --enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int --enable-mutable-globals \
  --enable-multivalue --enable-reference-types \
  "$scratch/target/wasm32-unknown-unknown/release/openledger_evm.wasm" -o "$output"
if grep -qaF -e "$scratch" -e "$CARGO_HOME" "$output"; then
  echo "the module holds a path of this machine" >&2
  exit 1
fi
echo "$(sha256sum <"$output" | cut -d' ' -f1)  $(stat -c %s "$output") bytes, $((SECONDS - start)) s"
