#!/usr/bin/env bash
# Compiles and links the CUDA back end with nvcc from pip wheels, on a machine without a GPU or a CUDA toolkit.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/cuda-toolkit
if [ ! -x "$venv/bin/python" ]; then python3 -m venv "$venv"; fi
"$venv/bin/pip" install --quiet --disable-pip-version-check \
  nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88 \
  nvidia-cuda-runtime==13.0.96
toolkit=$(echo "$PWD/$venv"/lib/python3*/site-packages/nvidia/cu13)
[ -e "$toolkit/lib64" ] || ln -s lib "$toolkit/lib64"
"$toolkit/bin/nvcc" --version | tail -2
OL_CUDA=1 OL_CMAKE_ARGS="-DCMAKE_CUDA_COMPILER=$toolkit/bin/nvcc" OL_BUILD_DIR="$PWD/build/native-cuda" node native/build.mjs
node -e '
  const addon = require(process.argv[1]);
  const { cuda } = addon.backends();
  console.log("cuda:", JSON.stringify(cuda));
  if (!cuda.compiled) process.exit(1);
' "$PWD/build/native-cuda/openledger.node"
