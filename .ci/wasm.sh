#!/usr/bin/env bash
# Checks that the WebAssembly modules of native/evm and native/template come from the sources beside them: with the pinned compiler to
# the byte. With any other it runs the tests on a fresh build of the first. Where nothing can build them, it says so and passes.
set -euo pipefail
cd "$(dirname "$0")/.."
start=$SECONDS
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
evm=$scratch/openledger_evm.wasm

for module in evm template; do
  (cd "native/$module" && sha256sum --check --quiet "openledger_$module.wasm.sha256")
done

say() { echo "$1 ($((SECONDS - start)) s)"; }

test_fresh() {
  OPENLEDGER_EVM_WASM=$evm npx vitest run --config test/vitest.config.ts native/evm node/execution/evm
  say "EVM module: built with $1, not the pinned compiler; the tests pass on it"
}

same() { cmp "$scratch/openledger_$1.wasm" "native/$1/openledger_$1.wasm"; }

served() { apt-cache madison "${1%%=*}" 2>/dev/null | awk -F'|' '{gsub(/ /, "", $2); print $2}'; }

export EVM_TEST=1
missing=0 unknown=0
if command -v apt-get >/dev/null && [ "$(dpkg --print-architecture)" = amd64 ]; then
  .ci/apt-lists.sh
  while read -r package; do
    versions=$(served "$package")
    if grep -qxF -- "${package#*=}" <<<"$versions"; then continue; fi
    missing=$((missing + 1))
    if [ -z "$versions" ]; then unknown=$((unknown + 1)); fi
    echo "EVM module: want $package, served: $(tr '\n' ' ' <<<"${versions:-none}")"
  done <native/evm/packages.txt
else
  unknown=1 missing=1
  echo "EVM module: no Debian packages for amd64 here"
fi

if [ "$missing" = 0 ]; then
  native/evm/build.sh "$scratch/evm" "$evm"
  same evm
  say "EVM module: rebuilt from its sources, equal to the byte"
  RUST_TOOLCHAIN=$scratch/evm/crate/toolchain native/template/build.sh "$scratch/template" "$scratch/openledger_template.wasm"
  same template
  say "template module: rebuilt from its sources, equal to the byte"
  exit 0
fi
say "template module: NOT rebuilt, the packages of its compiler are not here"
if [ "$unknown" = 0 ] && EVM_ANY_VERSION=1 native/evm/build.sh "$scratch/evm" "$evm"; then
  test_fresh "other versions of the packages"
elif command -v cargo >/dev/null && [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ]; then
  CARGO_TARGET_DIR=$scratch/target cargo build --locked --lib --release --target wasm32-unknown-unknown \
    --manifest-path native/evm/Cargo.toml
  cp "$scratch/target/wasm32-unknown-unknown/release/openledger_evm.wasm" "$evm"
  test_fresh "$(rustc --version)"
else
  say "EVM module: NOT rebuilt: neither the packages nor a Rust compiler with the wasm32 target are here"
fi
