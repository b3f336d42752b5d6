#!/usr/bin/env bash
# Standard error closed (a service, 2>&-) or on a full disk (2>log): SIGILL, and prepare left no data set. Right: the same exit codes as
# otherwise, and no message in another file.
. "$(dirname "$0")/../lib.sh"
ulimit -c 0
bad=
texts "$T/x.tsv"
p() { "$DEEPXML_DIST" predict "$T" --features "$T/none" --to "$T/o.jsonl"; }
q() { rm -rf "$T/d"; "$DEEPXML_DIST" prepare --train "$T/x.tsv" --name x --data "$T/d" --embeddings none --min-count 1; }
t() { "$DEEPXML_DIST" --framework DeepXML-OVA --work "$T/w" --data "$T/d" --dataset x --set global.embedding_dims=16 --set extreme.init=random --set extreme.num_epochs=1 --version "$1"; }
[[ -c /dev/full ]] || fail "this machine has no /dev/full"
expect() { [[ $2 -eq $3 ]] || bad+=" $1:$2"; }
{ p 2>&-; } >/dev/null; expect predict-closed $? 2
{ p 2>/dev/full; } >/dev/null; expect predict-full $? 2
{ q 2>&-; } >/dev/null; expect prepare-closed $? 0
! grep -rqE "preparing|fastText|embeddings" "$T/d" || bad+=" messages-in-a-file"
{ q 2>/dev/full; } >/dev/null; expect prepare-full $? 0
{ t a 2>&-; } >/dev/null; expect train-closed $? 0
{ t b 2>/dev/full; } >/dev/null; expect train-full $? 0
# A log whose reader has gone: the run goes on.
{ t c 2> >(exec true); } >/dev/null; expect train-pipe $? 0
[[ -z $bad ]] || fail "exit codes:$bad"
ok right
