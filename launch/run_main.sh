#!/usr/bin/env bash
# Takes the same arguments as the original's script: run_main.sh <gpu_id> <framework> <dataset> <version> <seed>[,<seed>…]
# WORK (default: the working directory) holds data/, models/ and results/; RANKS (default: 3) is the number of processes.
# Options after these five arguments are passed to deepxml-dist.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env"

if [[ $# -lt 5 ]]; then
  printf 'usage: run_main.sh <gpu_id> <framework> <dataset> <version> <seed>[,<seed>...] [options of deepxml-dist]\n' >&2
  printf 'for example: run_main.sh 0 DeepXML EURLex-4K 0 22\n' >&2
  exit 2
fi
if [[ ! -x $DEEPXML_DIST ]]; then
  printf 'run_main.sh: %s is not built; run swift build -c release, or launch/demo\n' "$DEEPXML_DIST" >&2
  exit 2
fi

export CUDA_VISIBLE_DEVICES=$1
run_ranks -np "${RANKS:-3}" "$DEEPXML_DIST" --work "${WORK:-.}" \
  --framework "$2" --dataset "$3" --version "$4" --seeds "$5" "${@:6}"
