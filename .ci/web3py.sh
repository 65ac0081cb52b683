#!/usr/bin/env bash
# A Python with web3.py for test/clients/web3py.test.ts, in build/web3py. Without a Python of 3.10 or later that test is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

if build/web3py/bin/python -c 'import web3; assert web3.__version__ == "7.14.0"' 2>/dev/null; then exit 0; fi

# A name on the path may be a version manager's shim for a version that is not chosen: only one that runs counts.
for python in python3.13 python3.12 python3.11 python3.10 python3; do
  if "$python" -c 'import sys, venv; assert sys.version_info >= (3, 10)' 2>/dev/null; then
    rm -rf build/web3py
    if "$python" -m venv build/web3py && build/web3py/bin/pip install --quiet web3==7.14.0; then exit 0; fi
    rm -rf build/web3py
    echo "web3.py could not be installed with $python: it is not tested"
    exit 0
  fi
done
echo "no Python 3.10 or later: web3.py is not tested"
