#!/usr/bin/env bash
# What is no part of the project and helps its checks: Prometheus's promtool, without which its tests are skipped, and ccache, without which
# the native core is compiled anew for each of its builds. Where they can't be had (no Debian, not root, no network) a line says so.
set -euo pipefail
cd "$(dirname "$0")/.."

have() {
  local program=$1 package=$2
  if command -v "$program" >/dev/null; then return; fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { .ci/apt-lists.sh && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$package"; } >/dev/null 2>&1 || true
  fi
  command -v "$program" >/dev/null || echo "no $program: $3"
}

have promtool prometheus "the metrics' format is not checked by it"
have ccache ccache "every build compiles all of the native core"
