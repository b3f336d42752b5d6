#!/usr/bin/env bash
# Data sets whose labels are documents too: prepare --filter-self finds each document's own label, by its title, and these pairs are
# neither among the scores that training writes nor counted.
. "$(dirname "$0")/lib.sh"
out=$scratch/out err=$scratch/err data=$scratch/data

# 40 labels in 8 topics; documents 0 … 39 of both parts have their titles (with blanks, which don't count) and the other labels of
# the topic; 40 more for training have titles of their own. Label 7 has the title of label 5.
awk -v folder="$scratch" 'BEGIN {
    for (i = 0; i < 40; i++) {
        topic = int(i / 5); title = "topic" topic " thing" (i == 7 ? 5 : i)
        print "{\"uid\": \"" i "\", \"title\": \"" title "\"}" > folder "/lbl.json"
        others = ""
        for (k = 5 * topic; k < 5 * topic + 5; k++) if (k != i) others = others (others == "" ? "" : ", ") k
        line = "{\"title\": \" " title " \", \"content\": \"topic" topic " words" topic "\", \"target_ind\": [" others "]}"
        print line > folder "/trn.json"; print line > folder "/tst.json"
        print "{\"title\": \"other " i "\", \"content\": \"topic" topic " words" topic "\", \"target_ind\": [" i "]}" > folder "/trn.json"
    } }' </dev/null
prepare=("$program" prepare --train "$scratch/trn.json" --test "$scratch/tst.json" --data "$data" --embeddings none --min-count 1 --keep-all-labels)
why=""
"${prepare[@]}" --label-text "$scratch/lbl.json" --filter-self --name LF >"$out" 2>"$err" || why+="exit code $?; "
# Training documents stand in every second row.
wanted() { awk -v step="$1" 'BEGIN { for (i = 0; i < 40; i++) { if (i == 7) print i * step, 5; else print i * step, i; if (i == 5 || i == 7) print i * step, 7 } }' </dev/null; }
diff <(wanted 1) "$data/LF/filter_labels_test.txt" >>"$err" || why+="test pairs differ; "
diff <(wanted 2) "$data/LF/filter_labels_train.txt" >>"$err" || why+="training pairs differ; "
grep -q '42 training and 42 test pairs' "$out" || why+="said: $(grep own "$out"); "
verdict 'prepare --filter-self: pairs of the same title, in both parts' "$why" "$err"

why=""
"${prepare[@]}" --filter-self --name None >"$out" 2>"$err" && why+="exit code 0; "
grep -q -e '--filter-self: the labels have no titles' "$err" || why+="said: $(tail -4 "$err"); "
[ ! -e "$data/None" ] || why+="a folder is left; "
verdict 'prepare --filter-self without titles is refused' "$why" "$err"

"$program" train --framework DiSMEC --configs configs --data "$data" --dataset LF --work "$scratch/work" --seeds 1 --threads 1 --quiet \
    --predictions text >"$out" 2>"$err" || fail 'training' "exit code $?" "$err"
results=$scratch/work/results/DiSMEC/Linear/LF/v_0 model=$scratch/work/models/DiSMEC/Linear/LF/v_0_1
"$program" predict "$model" --features "$data/LF/tst_X_Xf.txt" --to "$scratch/all.txt" --quiet 2>>"$err" || fail 'prediction' "exit code $?" "$err"
# pairs FILE: how many of the filter's pairs are among its scores.
pairs() {
    awk 'NR == FNR { pair[$1 " " $2] = 1; next } FNR > 1 { for (i = 1; i <= NF; i++) { split($i, p, ":"); if ((FNR - 2) " " p[1] in pair) found++ } }
        END { print found + 0 }' "$data/LF/filter_labels_test.txt" "$1"
}
why=""
[ "$(pairs "$scratch/all.txt")" -gt 30 ] || why+="a prediction, which knows no filter, has $(pairs "$scratch/all.txt") of them; "
for folder in "$results" "${results}_1"; do
    [ "$(pairs "$folder/score.txt")" -eq 0 ] || why+="$folder/score.txt has $(pairs "$folder/score.txt") of them; "
done
verdict 'none of the pairs is among the scores that training writes' "$why" "$err"

evaluate=("$program" evaluate --labels "$data/LF/tst_X_Y.txt" --train-labels "$data/LF/trn_X_Y.txt" --json)
figures() { awk '/"label_metrics"/ { skip = 1 } /"metrics" :/ { here = 1 } here && /"(P|nDCG)" :/ { print } /}/ { here = 0 }' "$1"; }
why=""
"${evaluate[@]}" --predictions "$scratch/all.txt" --filter "$data/LF/filter_labels_test.txt" >"$scratch/filtered" 2>"$err" || why+="exit code $?; "
"${evaluate[@]}" --predictions "$results/score.txt" >"$scratch/written" 2>>"$err" || why+="exit code $?; "
"${evaluate[@]}" --predictions "$scratch/all.txt" >"$scratch/plain" 2>>"$err" || why+="exit code $?; "
[ -n "$(figures "$scratch/filtered")" ] && [ "$(figures "$scratch/filtered")" = "$(figures "$scratch/written")" ] || why+="figures differ; "
[ "$(figures "$scratch/filtered")" != "$(figures "$scratch/plain")" ] || why+="the filter changes nothing; "
verdict 'evaluate --filter of a prediction gives the figures of these scores' "$why" "$err"
finish
