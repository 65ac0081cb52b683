#!/usr/bin/env bash
# Everything that a machine with a GPU can tell of the CUDA back end, by one command: native/bench/gpu.sh [--emulated] [REPORT]
#
# Builds with CMake alone (no Node); compares every operation, whole runs and every operator at real shapes with the CPU, byte by byte; then
# times operators, serving and training. Writes Markdown to REPORT (default: test/native/report-gpu.md), whose last line is `equal`, or what differs.
# Exit status: 0 equal; 1 bytes differ, or it could not run.
#   --emulated           on a machine without a GPU: the kernels compiled for the host, tiny shapes (also: OL_GPU_EMULATED=1)
#   OL_GPU_SECONDS=420   how long all of it may take; comparisons come first, and what does not fit is named in the report
#   OL_GPU_BUILD=FOLDER  where it builds; OL_GPU_PROGRAMS=FOLDER: run what is built there already
#   CUDACXX=NVCC         the compiler; OL_CUBLAS=FILE the libcublas.so that products stand beside
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/native/bench/toolkit.sh"

began=$(date +%s)
emulated=${OL_GPU_EMULATED:-0}
seconds=${OL_GPU_SECONDS:-420}
report=""
differ=() # what gave other bytes
unable=() # comparisons that did not come to their end

# refuse CODE CAUSE FIX
refuse() {
  echo "gpu.sh: $1: $2. $3." >&2
  unable+=(" $2")
  exit 1
}

left() { echo $((seconds - ($(date +%s) - began))); }
say() { echo "gpu.sh: $*" >&2; }
tell() { printf '%s\n' "$@" >>"$report"; }

# The report's last line, whatever happened before.
finish() {
  local status=$?
  trap - EXIT
  [ -n "$report" ] && [ -e "$report" ] || exit "$status"
  tell "" "Took $(($(date +%s) - began)) s." ""
  local IFS=";" more=""
  if [ ${#differ[@]} -gt 0 ]; then
    [ ${#differ[@]} -le 40 ] || more=" and $((${#differ[@]} - 40)) more"
    tell "differs:${differ[*]:0:40}$more"
    status=1
  elif [ ${#unable[@]} -gt 0 ]; then
    tell "could not run:${unable[*]}"
    status=1
  elif [ "$compared" = 3 ]; then
    tell "equal"
  else
    tell "could not run: it was ended before all was compared"
    status=1
  fi
  say "$(tail -n 1 "$report"); the report is $report"
  exit "$status"
}
compared=0
export NVIDIA_TF32_OVERRIDE=0 # cuBLAS stays in fp32 whatever the machine's settings

read_words() {
  for word in "$@"; do
    case $word in
      --emulated) emulated=1 ;;
      -*) refuse GPU_ARGUMENT "there is no option $word" "Use: native/bench/gpu.sh [--emulated] [REPORT]" ;;
      *)
        [ -z "$report" ] || refuse GPU_ARGUMENT "more than one report is named" "Name one file"
        report=$word
        ;;
    esac
  done
  [[ $seconds =~ ^[0-9]{1,5}$ ]] || {
    report=""
    refuse GPU_ARGUMENT "OL_GPU_SECONDS is no number of seconds" "Set it to a whole number such as 420"
  }
  seconds=$((10#$seconds))
  [ -n "$report" ] || report=$root/test/native/report-gpu.md
  mkdir -p "$(dirname "$report")" 2>/dev/null && : 2>/dev/null >"$report" || {
    local file=$report
    report=""
    refuse GPU_REPORT "the report $file cannot be written" "Name a file in a folder that can be written to"
  }
}

need() { command -v "$1" >/dev/null 2>&1 || refuse GPU_TOOL "$1 was not found" "$2"; }

see_gpu() {
  nvidia-smi -L >/dev/null 2>&1 || [ -e /dev/nvidiactl ] || [ -e /dev/nvidia0 ] || [ -e /dev/dxg ] ||
    refuse GPU_ABSENT "no NVIDIA GPU is visible (no nvidia-smi, no /dev/nvidia0)" \
      "Run it on a machine with a GPU and its driver, or with --emulated"
}

# Prints nvcc's path: the one named, on the path, of a toolkit, or from pip.
find_nvcc() {
  local found
  if [ -n "${CUDACXX:-}" ]; then
    command -v "$CUDACXX"
    return
  fi
  for found in "$(command -v nvcc 2>/dev/null)" /usr/local/cuda/bin/nvcc /usr/local/cuda-*/bin/nvcc /opt/cuda/bin/nvcc; do
    if [ -n "$found" ] && [ -x "$found" ]; then
      echo "$found"
      return 0
    fi
  done
  command -v python3 >/dev/null 2>&1 || return 1
  say "no nvcc here: taking it from pip"
  found=$(PIP_RETRIES=1 pip_toolkit "$root/build/cuda-toolkit") || return 1
  echo "$found/bin/nvcc"
}

# A compiler newer than the driver makes programs that cannot start.
check_versions() {
  local of_driver of_nvcc
  of_driver=$(nvidia-smi 2>/dev/null | sed -n 's/.*CUDA Version: *\([0-9]*\)\..*/\1/p' | head -n 1)
  of_nvcc=$("$1" --version | sed -n 's/.*release \([0-9]*\)\..*/\1/p')
  [ -n "$of_nvcc" ] || refuse GPU_NVCC "$1 does not say its version" "Set CUDACXX to a working nvcc"
  [ -z "$of_driver" ] || [ "$of_nvcc" -le "$of_driver" ] ||
    refuse GPU_DRIVER "the driver knows CUDA $of_driver, $1 makes programs for CUDA $of_nvcc" \
      "Install a newer driver, or set CUDACXX to the nvcc of a CUDA $of_driver toolkit"
}

# This card's architecture where nvcc knows it, else those of every build.
architectures() {
  local of_card
  of_card=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -dc 0-9)
  if [ -n "$of_card" ] && "$1" --list-gpu-arch 2>/dev/null | grep -qx "compute_$of_card"; then echo "$of_card"; else echo "80;90"; fi
}

# The static runtime beside nvcc, for toolkits that lie in an unusual way.
runtime_of() {
  local base
  base=$(cd "$(dirname "$(readlink -f "$1")")/.." && pwd)
  [ "$base" = /usr ] || find -L "$base" -maxdepth 5 -name libcudart_static.a 2>/dev/null | head -n 1
}

# run_build: the build's output is shown only where it fails.
run_build() {
  local log=$programs/gpu-build.log
  mkdir -p "$programs"
  say "building in $programs"
  if ! timeout -k 10 "$((seconds > 60 ? seconds : 60))" "$@" >>"$log" 2>&1; then
    tail -n 30 "$log" >&2
    { echo; echo '```'; tail -n 30 "$log"; echo '```'; } >>"$report"
    refuse GPU_BUILD "the build failed or took too long" "Its output is in $log"
  fi
}

# configure SOURCE OPTIONS...; a folder that was configured for other sources is configured anew.
configure() {
  local source=$1
  shift
  if [ -e "$programs/CMakeCache.txt" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$source" "$programs/CMakeCache.txt"; then
    rm -rf "$programs/CMakeCache.txt" "$programs/CMakeFiles"
  fi
  run_build cmake -S "$source" -B "$programs" -DCMAKE_BUILD_TYPE=Release "$@"
}

build_emulated() {
  configure "$root/native/cuda/emulate"
  run_build cmake --build "$programs" --target gpu_bench --parallel "$(nproc)"
}

build_for_gpu() {
  local runtime options
  nvcc=$(find_nvcc) || [ -z "${CUDACXX:-}" ] ||
    refuse GPU_NO_NVCC "CUDACXX names $CUDACXX, which cannot be run" "Set it to an nvcc, or to nothing"
  [ -n "$nvcc" ] || refuse GPU_NO_NVCC "there is no nvcc, and pip could not bring it" \
    "Install a CUDA toolkit or set CUDACXX to its nvcc; with a network and python3's venv, pip does it by itself"
  check_versions "$nvcc"
  options=("-DCMAKE_CUDA_COMPILER=$nvcc" "-DCMAKE_CUDA_ARCHITECTURES=$(architectures "$nvcc")" -DOL_CUDA=1
    -DCMAKE_CUDA_FLAGS=-allow-unsupported-compiler)
  runtime=$(runtime_of "$nvcc")
  [ -z "$runtime" ] || options+=("-DOL_CUDART_STATIC=$runtime")
  configure "$root/native" "${options[@]}"
  run_build cmake --build "$programs" --target gpu_bench --parallel "$(nproc)"
}

# Where cuBLAS lies: the toolkit's, or that of a pip wheel.
find_cublas() {
  local base="" folder
  if [ -n "${OL_CUBLAS:-}" ]; then return; fi
  if [ "$emulated" = 1 ]; then
    export OL_CUBLAS=$programs/libemulated_cublas.so
    return
  fi
  [ -z "${nvcc:-}" ] || base=$(cd "$(dirname "$(readlink -f "$nvcc")")/.." && pwd)
  while read -r folder; do
    [ -d "$folder" ] || continue
    OL_CUBLAS=$(find -L "$folder" -maxdepth 1 -name 'libcublas.so.[0-9]*' 2>/dev/null | sort | head -n 1)
    [ -z "$OL_CUBLAS" ] || break
  done < <(
    [ -z "$base" ] || printf '%s\n' "$base/lib64" "$base"/targets/*/lib "$base/lib"
    python3 -c 'import glob, sys
for path in sys.path:
    for folder in sorted(glob.glob(path + "/nvidia/*/lib")): print(folder)' 2>/dev/null
  )
  export OL_CUBLAS
}

# ask NAME COMMAND...: a line of the table, where the command says something.
ask() {
  local name=$1 text
  shift
  text=$("$@" 2>/dev/null | head -n 1)
  [ -z "$text" ] || tell "| $name | $text |"
}

describe() {
  tell "# The CUDA back end on a GPU" "" "Written by \`native/bench/gpu.sh\`, $(date -u +%Y-%m-%dT%H:%MZ)." ""
  [ "$emulated" != 1 ] || tell "**Emulated on the host: no time here says anything of a GPU.**" ""
  tell "| | |" "|---|---|"
  ask sources git -C "$root" describe --always --dirty
  if [ "$emulated" != 1 ]; then
    ask GPU nvidia-smi --query-gpu=name,memory.total,compute_cap --format=csv,noheader
    ask driver nvidia-smi --query-gpu=driver_version --format=csv,noheader
    ask "clocks (SM, memory; most), power limit" nvidia-smi \
      --query-gpu=clocks.sm,clocks.mem,clocks.max.sm,clocks.max.mem,power.limit --format=csv,noheader
    ask nvcc sed -n 's/.*release/release/p' <("${nvcc:-false}" --version 2>/dev/null)
  fi
  ask processor sed -n 's/^model name[^:]*: //p' /proc/cpuinfo
  ask "processors, memory" echo "$(nproc), $(sed -n 's/^MemTotal: *//p' /proc/meminfo)"
  ask compiler "$(command -v "${CXX:-c++}" || command -v g++ || echo false)" --version
  ask kernel uname -srm
}

# part NAME TITLE SECONDS PROGRAM ARGUMENTS...: runs it for at most so long, and its output joins the report. Sets `code`.
part() {
  local name=$1 title=$2 limit=$3
  shift 3
  tell "" "## $title" ""
  say "$name: at most $limit s"
  timeout -k 5 "$((limit + 15))" "$@" >"$report.part" 2>"$report.errors"
  code=$?
  cat "$report.part" >>"$report"
  if [ "$code" != 0 ] && [ -s "$report.errors" ]; then tell "" '```' "$(tail -n 10 "$report.errors")" '```'; fi
  rm -f "$report.errors"
}

# As part, for a comparison: its lines `DIFFERS name: ...` name what differs.
comparison() {
  local name=$1 line
  part "$@"
  while read -r line; do differ+=(" $line"); done < <(sed -n 's/^DIFFERS \([^:]*: [^:]*\): .*/\1/p; t; s/^DIFFERS \([^:]*\).*/\1/p' "$report.part" | sort -u)
  if [ "$code" = 0 ]; then
    compared=$((compared + 1))
  elif ! { [ "$code" = 1 ] && grep -q '^DIFFERS ' "$report.part"; }; then
    unable+=(" $name (status $code)")
  fi
  rm -f "$report.part"
}

# As part, for times: that they fail makes no bytes differ.
measurement() {
  local name=$1
  if [ "$3" -lt 5 ]; then
    tell "" "## $2" "" "Left out for want of time."
    return
  fi
  part "$@"
  [ "$code" = 0 ] || tell "" "It did not come to its end (status $code)."
  rm -f "$report.part"
}

at_least() { if [ "$1" -gt "$2" ]; then echo "$1"; else echo "$2"; fi; }
at_most() { if [ "$1" -lt "$2" ]; then echo "$1"; else echo "$2"; fi; }

read_words "$@"
trap finish EXIT
trap 'exit 130' INT TERM
need timeout "Install GNU coreutils"
if [ -n "${OL_GPU_PROGRAMS:-}" ]; then
  programs=$OL_GPU_PROGRAMS
else
  need cmake "Install CMake 3.20 or newer (pip install cmake does it, too)"
  [ -n "${CXX:-}" ] || command -v c++ >/dev/null 2>&1 || command -v g++ >/dev/null 2>&1 ||
    refuse GPU_TOOL "no C++ compiler was found" "Install one of C++17 such as g++, or name it in CXX"
  if [ "$emulated" = 1 ]; then
    programs=${OL_GPU_BUILD:-$root/build/native-emulated}
    build_emulated
  else
    see_gpu
    programs=${OL_GPU_BUILD:-$root/build/native-gpu}
    build_for_gpu
  fi
fi
compare=$programs/cuda/cuda_compare
[ -x "$compare" ] || compare=$programs/cuda_compare
find_cublas
describe

# Comparisons have their time even where the build took long.
comparison operations "Every operation, compared with the CPU" "$(at_least "$(($(left) / 2))" 60)" "$compare"
limit=$(at_least "$(($(left) / 3))" 45)
comparison runs "Whole runs, compared with the CPU" "$limit" "$programs/gpu_runs" --seconds "$limit"
limit=$(at_least "$(($(left) / 4))" 30)
comparison shapes "Operators at the shapes of models, compared with the CPU" "$limit" \
  "$programs/gpu_operators" --compare --seconds "$limit"
limit=$(at_most "$(($(left) - 75))" 200)
measurement operators "How long operators take" "$limit" "$programs/gpu_operators" --time --seconds "$limit"
limit=$(at_most "$(($(left) * 2 / 3))" 90)
measurement serving "How fast the serving engine answers" "$limit" "$programs/gpu_serving" --seconds "$limit"
limit=$(at_most "$(left)" 60)
measurement training "How fast adapters train" "$limit" "$programs/gpu_training" --seconds "$limit"
