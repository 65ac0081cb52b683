#!/usr/bin/env bash
# Checks that native/template/openledger_template.wasm comes from the sources beside it, to the byte, where the pinned
# compiler's packages are served. Elsewhere it checks the digest only, and says so.
set -euo pipefail
cd "$(dirname "$0")/.."
start=$SECONDS
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

(cd native/template && sha256sum --check --quiet openledger_template.wasm.sha256)

missing=0
if command -v apt-get >/dev/null && [ "$(dpkg --print-architecture)" = amd64 ]; then
  while read -r package; do
    versions=$(apt-cache madison "${package%%=*}" 2>/dev/null | awk -F'|' '{gsub(/ /, "", $2); print $2}')
    if ! grep -qxF -- "${package#*=}" <<<"$versions"; then missing=$((missing + 1)); fi
  done <native/evm/packages.txt
else
  missing=1
fi

if [ "$missing" = 0 ]; then
  native/template/build.sh "$scratch/build" "$scratch/fresh.wasm"
  cmp "$scratch/fresh.wasm" native/template/openledger_template.wasm
  echo "template module: rebuilt from its sources, equal to the byte ($((SECONDS - start)) s)"
else
  echo "template module: NOT rebuilt, the packages of its compiler are not here ($((SECONDS - start)) s)"
fi
