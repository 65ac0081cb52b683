#!/usr/bin/env bash
# Checks that native/evm/openledger_evm.wasm comes from the sources beside it: with the pinned compiler to the byte,
# with any other by running the tests on a fresh build. Where nothing can build it, says so and passes.
set -euo pipefail
cd "$(dirname "$0")/.."
start=$SECONDS
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fresh=$scratch/openledger_evm.wasm

(cd native/evm && sha256sum --check --quiet openledger_evm.wasm.sha256)

done_in() { echo "EVM module: $1 ($((SECONDS - start)) s)"; }

test_fresh() {
  OPENLEDGER_EVM_WASM=$fresh npx vitest run --config test/vitest.config.ts native/evm node/execution/evm
  done_in "built with $1, not the pinned compiler; the tests pass on it"
}

served() { apt-cache madison "${1%%=*}" 2>/dev/null | awk -F'|' '{gsub(/ /, "", $2); print $2}'; }

export EVM_TEST=1
missing=0 unknown=0
if command -v apt-get >/dev/null && [ "$(dpkg --print-architecture)" = amd64 ]; then
  if [ "$(id -u)" = 0 ]; then apt-get update -qq || true; fi
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
  native/evm/build.sh "$scratch/build" "$fresh"
  cmp "$fresh" native/evm/openledger_evm.wasm
  done_in "rebuilt from its sources, equal to the byte"
elif [ "$unknown" = 0 ] && EVM_ANY_VERSION=1 native/evm/build.sh "$scratch/build" "$fresh"; then
  test_fresh "other versions of the packages"
elif command -v cargo >/dev/null && [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ]; then
  CARGO_TARGET_DIR=$scratch/target cargo build --locked --lib --release --target wasm32-unknown-unknown \
    --manifest-path native/evm/Cargo.toml
  cp "$scratch/target/wasm32-unknown-unknown/release/openledger_evm.wasm" "$fresh"
  test_fresh "$(rustc --version)"
else
  done_in "NOT rebuilt: neither the packages nor a Rust compiler with the wasm32 target are here"
fi
