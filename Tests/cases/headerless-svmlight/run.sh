#!/usr/bin/env bash
# sklearn's dump_svmlight_file (what LightXML's train.txt is): the advice was to add `rows cols`, which leads to the next error. Right:
# read, or advice with `rows features labels`.
. "$(dirname "$0")/../lib.sh"
printf '1,5 0:1.0 2:3\n2 1:1\n' >"$T/train.txt"
"$DEEPXML_DIST" convert --from "$T/train.txt" --to "$T/X.npz" --to-labels "$T/Y.npz" >"$T/log" 2>&1 && ok "read"
cat "$T/log"
grep -qE "rows (features|cols|columns) labels" "$T/log" || fail "the advice is for another form"
ok right
