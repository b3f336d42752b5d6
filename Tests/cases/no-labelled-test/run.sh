#!/usr/bin/env bash
# No test document has a label (or there is none): every metric was printed as 0.00, as if the model were bad. Right: a line that says so.
. "$(dirname "$0")/../lib.sh"
gen "$T/data/N" 60 10
try() {
  "$DEEPXML_DIST" --work "$T/w" --data "$T/data" --dataset N "${small[@]}" "$@" >"$T/log" 2>&1 </dev/null || { cat "$T/log"; fail "exit $?"; }
  grep -qE "not measured: " "$T/log" || { grep "^ensemble" "$T/log"; fail "zeros without a word"; }
  ! grep -q "^ensemble" "$T/log" || fail "a table of zeros"
}
{ echo "10 20"; yes "" | head -10; } >"$T/data/N/tst_X_Y.txt"
try --version none
grep -q '"test_labelled" : 0' "$T"/w/results/*/*/N/v_none/metrics.json || fail "metrics.json does not say it"
try --version quiet --quiet
echo "0 20" >"$T/data/N/tst_X_Y.txt"
echo "0 100" >"$T/data/N/tst_X_Xf.txt"
try --version empty
ok right
