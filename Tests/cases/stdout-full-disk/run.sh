#!/usr/bin/env bash
# evaluate --json > metrics.json on a full disk: empty file, exit 0. Right: not 0. Nor for a closed standard output; `| head` is silent.
. "$(dirname "$0")/../lib.sh"
printf '2 5\n1:0.9\n3:0.8\n' >"$T/s.txt"
printf '2 5\n1:1\n4:1\n' >"$T/y.txt"
bad=
try() {
  local name=$1
  shift
  "$DEEPXML_DIST" "$@" >/dev/full 2>"$T/log" && bad+=" $name"
  grep -q "standard output" "$T/log" || bad+=" $name:unsaid"
  "$DEEPXML_DIST" "$@" >&- 2>"$T/log" && bad+=" $name-closed"
  "$DEEPXML_DIST" "$@" 2>"$T/log" | true
  [[ ! -s $T/log ]] || bad+=" $name-pipe:$(<"$T/log")"
}
"$DEEPXML_DIST" convert --from "$T/y.txt" --to "$T/y.npz" >/dev/null
try evaluate evaluate --predictions "$T/s.txt" --labels "$T/y.txt"
try evaluate-json evaluate --json --predictions "$T/s.txt" --labels "$T/y.txt"
try plan plan --dataset-size 1000,1000,1000
try inspect-json inspect --json "$T/y.npz"
try help predict --help
try version --version
[[ -z $bad ]] || fail "exit 0, nothing written, or more said than needed:$bad"
ok right
