#!/usr/bin/env bash
# The native core's tests as programs under address, undefined-behaviour and thread sanitizers: the small set.
set -euo pipefail
cd "$(dirname "$0")/.."
node test/sanitize.mjs --small
