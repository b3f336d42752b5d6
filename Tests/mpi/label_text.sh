#!/usr/bin/env bash
# Labels' texts from the command line: prepare writes and adds their features; learners that read them have the same bits on any number of
# ranks; labels that no training document has are found by their text, and only by it (launch/unseen-labels).
. "$(dirname "$0")/lib.sh"
out=$scratch/out err=$scratch/err data=$scratch/data

printf 'red|warm\tred lamp hot\nblue|cold\tblue lamp cold\nred|cold\tred blue cold\nblue|warm\tblue hot lamp\n' >"$scratch/own.tsv"
printf 'red\tred hot\nblue\tblue cold\nwarm\twarm\n' >"$scratch/texts.tsv"
prepare=("$program" prepare --train "$scratch/own.tsv" --test "$scratch/own.tsv" --data "$data" --embeddings none --quiet --min-count 1)
why=""
"${prepare[@]}" --name Names --label-text 2>"$err" || why+="exit code $?; "
[ "$(tr '\n' ' ' <"$data/Names/lbl_raw.txt")" = 'blue cold red warm ' ] || why+="names: $(cat "$data/Names/lbl_raw.txt"); "
"${prepare[@]}" --name Texts --label-text "$scratch/texts.tsv" 2>"$err" || why+="exit code $?; "
[ "$(sed 's/^$/-/' "$data/Texts/lbl_raw.txt" | tr '\n' '|')" = 'blue cold|-|red hot|warm|' ] || why+="texts: $(cat "$data/Texts/lbl_raw.txt"); "
verdict 'prepare --label-text: names, and texts of a file' "$why" "$err"

why=""
"${prepare[@]}" --name Later 2>"$err" || why+="exit code $?; "
"$program" prepare --label-text-for "$data/Later" --label-text "$data/Texts/lbl_raw.txt" >"$out" 2>"$err" || why+="exit code $?; "
for file in lbl_X_Xf.txt lbl_X_seq.npz; do cmp -s "$data/Later/$file" "$data/Texts/$file" || why+="$file differs; "; done
grep -q '3 texts of 4 labels' "$out" || why+="said: $(cat "$out"); "
verdict 'prepare --label-text-for adds what --label-text would have written' "$why" "$err"

# Labels of a topic share tokens; each has some of these as its text.
small_dataset "$data/Small" 765 300 300 200
awk 'BEGIN { print 200, 300; for (l = 0; l < 200; l++) {
    split("", x); for (k = 0; k < 3; k++) x[(int(l / 4) * 7 + l % 4 * 2 + k) % 300] = 1
    line = ""; for (i = 0; i < 300; i++) if (i in x) line = line (line == "" ? "" : " ") i ":1"; print line } }' </dev/null >"$data/Small/lbl_X_Xf.txt"
options=(--configs configs --data "$data" --dataset Small --seeds 1 --threads 1 --quiet --predictions npz)
settings=(
    --framework DeepXML --set surrogate.init=random --set reranker.init=random --set global.surrogate_threshold=64
    --set extreme.num_nbrs=100 --set global.label_text_documents=true --set extreme.label_text_classifiers=true
    --set extreme.label_text_centroids=true
)
for setting in surrogate extreme reranker; do settings+=(--set "$setting.num_epochs=2"); done
for ranks in 1 3; do
    "${launcher[@]}" -np "$ranks" "$program" train --work "$scratch/$ranks" "${options[@]}" "${settings[@]}" >"$out" 2>"$err" ||
        fail "DeepXML on $ranks ranks" "exit code $?" "$err"
done
path=DeepXML/Astec/Small/v_0
why=""
cmp -s "$scratch/1/results/$path/score.npz" "$scratch/3/results/$path/score.npz" || why+="1 and 3 ranks differ; "
# The model's folder alone, without the data set.
"$program" predict "$scratch/3/models/${path}_1" --features "$data/Small/tst_X_Xf.txt" --to "$scratch/predicted.npz" >"$out" 2>"$err" ||
    why+="predict: exit code $?; "
cmp -s "$scratch/predicted.npz" "$scratch/1/results/$path/score.npz" || why+="predict differs; "
verdict 'texts as documents, in classifiers and in searches: the same bits on 1 and 3 ranks, and by predict' "$why" "$err"

DATA=$data WORK=$scratch/unseen launch/unseen-labels Small --configs configs --framework DeepXML-OVA --seeds 1 --threads 1 \
    --set extreme.init=random --set extreme.learning_rate=0.03 --set extreme.num_epochs=10 >"$out" 2>"$err" || fail 'unseen labels' "exit code $?" "$err"
# Of each learner the line P, ranked among the labels held out: P@1, then P@5 in the sixth field.
mapfile -t precision < <(awk '$1 == "P" { count++; if (count % 2) print $2, $6 }' "$out")
why=""
[ "${precision[0]:-}" = '0.00 0.00' ] || why+="without texts: ${precision[0]:-nothing}; "
awk -v found="${precision[1]:-0 0}" 'BEGIN { split(found, p, " "); exit !(p[1] > 30) }' </dev/null || why+="with texts: ${precision[1]:-nothing}; "
verdict "labels that no training document has are found by their text (P@1 and P@5: ${precision[1]:-nothing})" "$why" "$out" "$err"
finish
