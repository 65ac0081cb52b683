#!/usr/bin/env bash
# A Chromium for the browser tests: CHROMIUM where it is set, one that is here, or Debian's package.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null; then exit 0; fi
.ci/apt-lists.sh
apt-get install --yes --no-install-recommends chromium
