#!/usr/bin/env bash
# Files whose sizes contradict each other: labels of another set, names of another length. Right: refused, or said.
. "$(dirname "$0")/../lib.sh"
gen "$T/data/S" 60 10
D=$DEEPXML_DIST
run=("$D" --work "$T/w" --data "$T/data" --dataset S "${small[@]}" --predictions jsonl)
seq -f 'name %g' 19 >"$T/data/S/labels.txt"
for i in $(seq 11); do printf 'l\ttext %s\n' "$i"; done >"$T/data/S/tst_raw.tsv"
sed -i '1s/20/25/' "$T/data/S/tst_X_Y.txt"
refused 0 "labels.txt has 19 lines, and there are 25 labels" "${run[@]}"
grep -q "tst_raw.tsv has 11 lines, and there are 10 test documents" "$T/log" || fail "texts of other documents"
grep -q "trn_X_Y.txt says 20 labels, tst_X_Y.txt 25" "$T/log" || fail "labels of another set"
! grep -qE "name [0-9]|text [0-9]" "$T/log" || fail "wrong names are shown"
! grep -rq '"name"' "$T"/w/results/*/*/S/ || fail "wrong names are written"
model=$(echo "$T"/w/models/*/*/S/v_0_22)
"$D" predict "$model" --features "$T/data/S/tst_X_Xf.txt" -q >"$T/out" || fail predict
! grep -q '"name"' "$T/out" || fail "wrong names are predicted"
cp "$T/data/S/trn_X_Y.txt" "$T/data/S/tst_X_Y.txt"
refused 2 "different numbers of rows" "${run[@]}"
printf '2 5\n1:0.9\n3:0.8\n' >"$T/s.txt"
"$D" convert --from "$T/s.txt" --to "$T/s.npz" --quiet
printf '2 7\n1:1\n4:1\n' >"$T/y.txt"
refused 0 "numbers of labels differ" "$D" evaluate --predictions "$T/s.npz" --labels "$T/y.txt"
printf '3 5\n1:1\n4:1\n\n' >"$T/y.txt"
refused 2 "different documents" "$D" evaluate --predictions "$T/s.npz" --labels "$T/y.txt"
ok right
