#!/usr/bin/env bash
# prepare --train "my mail.tsv" makes the data set "my mail", which train refused. Right: both take it, or prepare refuses it at once.
. "$(dirname "$0")/../lib.sh"
texts "$T/my mail.tsv"
"$DEEPXML_DIST" prepare --train "$T/my mail.tsv" --data "$T/d" --embeddings none --min-count 1 >"$T/log" 2>&1 </dev/null ||
  ok "prepare refuses"
name=$(ls "$T/d")
"$DEEPXML_DIST" --work "$T/w" --data "$T/d" --dataset "$name" "${small[@]}" --dry-run >"$T/log" 2>&1 </dev/null ||
  { cat "$T/log"; fail "what prepare made can't be trained"; }
ok right
