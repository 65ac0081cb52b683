#!/usr/bin/env bash
# python-client.sh PACKAGE VERSION FOLDER: a Python with a client library from PyPI, in build/FOLDER, for the tests that run it against
# a node. Where there is no Python of 3.10 or later, or the package is not to be had, a line says so and those tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
package=$1 version=$2 folder=build/$3

holds() { "$folder/bin/python" -c "from importlib.metadata import version; assert version('$package') == '$version'" 2>/dev/null; }
if holds; then exit 0; fi

# A name on the path may be a version manager's shim for a version that is not chosen: only one that runs counts.
for python in python3.13 python3.12 python3.11 python3.10 python3; do
  if "$python" -c 'import sys, venv; assert sys.version_info >= (3, 10)' 2>/dev/null; then
    rm -rf "$folder"
    if "$python" -m venv "$folder" && "$folder/bin/pip" install --quiet "$package==$version"; then exit 0; fi
    rm -rf "$folder"
    echo "$package $version could not be installed with $python: it is not tested"
    exit 0
  fi
done
echo "no Python 3.10 or later: $package is not tested"
