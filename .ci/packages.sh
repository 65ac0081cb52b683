#!/usr/bin/env bash
# What some tests need beside Node and is no part of the project: Prometheus's promtool. Without it (no Debian, not root, no network) those tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v promtool > /dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  { .ci/apt-lists.sh && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends prometheus; } > /dev/null 2>&1 ||
    echo "prometheus could not be installed: the metrics' format is not checked by promtool"
else
  echo "no promtool: the metrics' format is not checked by it"
fi
