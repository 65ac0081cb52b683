#!/usr/bin/env bash
# A Python with web3.py for test/clients/web3py.test.ts, in build/web3py. Without a Python of 3.10 or later that test is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$(command -v python3.13 || command -v python3.12 || command -v python3.11 || command -v python3.10 || true)
if [ -z "$python" ]; then
  echo "no Python 3.10 or later: web3.py is not tested"
  exit 0
fi
if ! build/web3py/bin/python -c 'import web3; assert web3.__version__ == "7.14.0"' 2>/dev/null; then
  "$python" -m venv build/web3py
  build/web3py/bin/pip install --quiet web3==7.14.0 || echo "web3.py could not be installed: it is not tested"
fi
