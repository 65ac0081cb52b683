#!/usr/bin/env bash
# Compiles and links the CUDA back end with nvcc from pip wheels, on a machine without a GPU or a CUDA toolkit, then
# runs its kernels on the host, compares operations and whole runs with the CPU and runs the benches to their end. Where there is
# a GPU: on it, too.
set -euo pipefail
cd "$(dirname "$0")/.."
source native/bench/toolkit.sh
toolkit=$(pip_toolkit build/cuda-toolkit)
"$toolkit/bin/nvcc" --version | tail -2

native="$PWD/build/native-cuda"
OL_CUDA=1 OL_CMAKE_ARGS="-DCMAKE_CUDA_COMPILER=$toolkit/bin/nvcc" OL_BUILD_DIR="$native" node native/build.mjs
cmake --build "$native" --target gpu_bench --parallel "$(nproc)"
state=$(node -e '
  const { cuda } = require(process.argv[1]).backends();
  console.error("cuda:", JSON.stringify(cuda));
  if (!cuda.compiled || cuda.reason === "") process.exit(1);
  console.log(cuda.available ? "available" : "absent");
' "$native/openledger.node")
if [ "$state" = available ]; then "$native/cuda/cuda_compare"; else echo "CUDA: compiled and linked, not run"; fi

emulated="$PWD/build/native-emulated"
cmake -S native/cuda/emulate -B "$emulated" -DCMAKE_BUILD_TYPE=Release >/dev/null
cmake --build "$emulated" --target gpu_bench cuda_memory cuda_graphs --parallel "$(nproc)"
"$emulated/cuda_memory"
"$emulated/cuda_graphs"
OL_GPU_PROGRAMS="$emulated" native/bench/gpu.sh --emulated build/report-emulated.md
OL_EMULATE_REVERSE=1 "$emulated/cuda_compare"
