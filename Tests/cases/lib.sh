# Sourced by each case: the program, settings for a quick run, a scratch folder $T that goes away, and the verdict. A case runs from the
# root of the project, where the program is built in release mode, and exits 0 where the program does the right thing.
# shellcheck shell=bash disable=SC2034 # variables are for who sources this
set -u
: "${PROJECT:=.}"
# shellcheck source=../../launch/env
. "$PROJECT/launch/env"
HERE=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
fail() { echo "FAIL: $*"; exit 1; }
ok() { echo "ok: $*"; exit 0; }
small=(--set global.embedding_dims=16 --set surrogate.init=random --set reranker.init=random --set surrogate.num_epochs=1
  --set extreme.num_epochs=1 --set reranker.num_epochs=1)

# gen FOLDER DOCUMENTS TESTS: a learnable data set of 100 tokens and 20 labels.
gen() { python3 "$HERE/../gen.py" "$@"; }

# texts FILE: twelve labelled texts.
texts() { for _ in 1 2 3 4 5 6; do printf 'a|b\tone two three\nb\ttwo three\n'; done >"$1"; }

# A text model at $T/w/models/…/v_0_22, trained in a second: its path in $model.
text_model() {
  texts "$T/x.tsv"
  "$DEEPXML_DIST" prepare --train "$T/x.tsv" --name x --data "$T/d" --embeddings none --min-count 1 --quiet >"$T/log" 2>&1 </dev/null || { cat "$T/log"; fail "prepare"; }
  "$DEEPXML_DIST" --framework DeepXML-OVA --work "$T/w" --data "$T/d" --dataset x --set global.embedding_dims=16 --set extreme.init=random \
    --set extreme.num_epochs=1 --quiet >"$T/log" 2>&1 </dev/null || { cat "$T/log"; fail "train"; }
  model=$(echo "$T"/w/models/*/*/x/v_0_22)
}

# refused CODE PATTERN COMMAND...: the command must end with the code and say something that matches (an empty pattern: anything).
refused() {
  local code=$1 pattern=$2 rc
  shift 2
  "$@" >"$T/log" 2>&1 </dev/null
  rc=$?
  [[ $rc -eq $code ]] && { [[ -z $pattern ]] || grep -qiE -- "$pattern" "$T/log"; } && return
  cat "$T/log"
  fail "exit $rc, expected $code and \"$pattern\": ${*:2}"
}
