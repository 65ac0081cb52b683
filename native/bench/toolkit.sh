# To be sourced. CUDA's compiler from pip wheels, for machines without a toolkit.

# pip_toolkit FOLDER: installs it into a virtual environment there, where it isn't yet, and prints where the toolkit is.
pip_toolkit() {
  local venv=$1 root
  if [ ! -x "$venv/bin/pip" ]; then python3 -m venv "$venv" >&2 || return 1; fi
  "$venv/bin/pip" install --quiet --disable-pip-version-check \
    nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88 \
    nvidia-cuda-runtime==13.0.96 >&2 || return 1
  root=$(cd "$venv"/lib/python3*/site-packages/nvidia/cu13 && pwd) || return 1
  [ -e "$root/lib64" ] || ln -s lib "$root/lib64" || return 1
  echo "$root"
}
