#!/usr/bin/env bash
# Compiles and links the CUDA back end with nvcc from pip wheels, on a machine without a GPU or a CUDA toolkit, then
# runs its kernels on the host and compares every operation with the CPU. Where there is a GPU: on it, too.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/cuda-toolkit
if [ ! -x "$venv/bin/pip" ]; then python3 -m venv "$venv"; fi
"$venv/bin/pip" install --quiet --disable-pip-version-check \
  nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88 \
  nvidia-cuda-runtime==13.0.96
toolkit=$(echo "$PWD/$venv"/lib/python3*/site-packages/nvidia/cu13)
[ -e "$toolkit/lib64" ] || ln -s lib "$toolkit/lib64"
"$toolkit/bin/nvcc" --version | tail -2

native="$PWD/build/native-cuda"
OL_CUDA=1 OL_CMAKE_ARGS="-DCMAKE_CUDA_COMPILER=$toolkit/bin/nvcc" OL_BUILD_DIR="$native" node native/build.mjs
cmake --build "$native" --target cuda_compare
state=$(node -e '
  const { cuda } = require(process.argv[1]).backends();
  console.error("cuda:", JSON.stringify(cuda));
  if (!cuda.compiled || cuda.reason === "") process.exit(1);
  console.log(cuda.available ? "available" : "absent");
' "$native/openledger.node")
if [ "$state" = available ]; then "$native/cuda/cuda_compare"; else echo "CUDA: compiled and linked, not run"; fi

emulated="$PWD/build/native-emulated"
cmake -S native/cuda/emulate -B "$emulated" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$emulated" --target cuda_compare cuda_memory --parallel "$(nproc)"
"$emulated/cuda_memory"
"$emulated/cuda_compare"
OL_EMULATE_REVERSE=1 "$emulated/cuda_compare"
