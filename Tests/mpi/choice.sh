#!/usr/bin/env bash
# Where no framework is named: every rank chooses the same, one line says which and why, and `merge` and `plan` choose alike. The line of
# the nearest documents below the table.
. "$(dirname "$0")/lib.sh"
data=$scratch/data out=$scratch/out err=$scratch/err
small_dataset "$data/Small" 300 60 80 40
options=(--configs configs --data "$data" --dataset Small --predictions npz)
network=(--set extreme.init=random --set extreme.num_epochs=2 --set global.embedding_dims=16)

# run RANKS WORK OPTION...: trains.
run() {
    timeout 300 "${launcher[@]}" -np "$1" "$program" --work "$scratch/$2" --threads 1 "${options[@]}" "${@:3}" >"$out" 2>"$err" </dev/null
}

# said PATTERN: what is wrong unless the log has one line about the framework, with the pattern.
said() {
    [ "$(grep -c 'framework ' "$err")" -eq 1 ] || echo "$(grep -c 'framework ' "$err") lines; "
    grep -Eq -- "framework $1.*; --framework DeepXML trains the original's" "$err" || echo "no \"$1\"; "
}

run 4 bare --seeds 5,6 && why="" || why="it failed; "
why+=$(said 'DiSMEC: 40 labels, about [0-9.]+ s a learner on .*there is no .*fasttextB.*npy.*seed 5 only')
[ "$(cd "$scratch/bare/results/DiSMEC/Linear/Small" && echo v_0*)" = 'v_0 v_0_5' ] || why+="other learners; "
grep -q 'nearest' "$out" && why+="a baseline that nobody asked for; "
verdict 'without embeddings: DiSMEC, of one seed' "$why" "$out" "$err"

run 2 named --framework DiSMEC --seeds 5 && why="" || why="it failed; "
grep -q 'framework ' "$err" && why+="a line about what was named; "
cmp -s "$scratch/bare/results/DiSMEC/Linear/Small/v_0/score.npz" "$scratch/named/results/DiSMEC/Linear/Small/v_0/score.npz" ||
    why+="other scores; "
verdict 'the same by name' "$why" "$out" "$err"

rm -r "$scratch/bare/results/DiSMEC/Linear/Small/v_0"
"$program" merge --work "$scratch/bare" "${options[@]}" --seeds 5,6 >"$out" 2>"$err" </dev/null && why="" || why="it failed; "
why+=$(said DiSMEC)
cmp -s "$scratch/bare/results/DiSMEC/Linear/Small/v_0/score.npz" "$scratch/named/results/DiSMEC/Linear/Small/v_0/score.npz" ||
    why+="other scores; "
verdict 'merge chooses alike' "$why" "$out" "$err"

run 4 ova --seeds 5,6 "${network[@]}" --baseline && why="" || why="it failed; "
why+=$(said 'DeepXML-OVA: 40 labels, about [0-9.]+ s a learner on [0-9.]+ cores?')
[ "$(cd "$scratch/ova/results/DeepXML-OVA/AstecPlain/Small" && echo v_0*)" = 'v_0 v_0_5 v_0_6' ] || why+="other learners; "
grep -A 1 '^ensemble' "$out" | grep -Eq '^10 nearest training documents by features: P@1 [0-9.]+, P@3 [0-9.]+, P@5 [0-9.]+$' ||
    why+="no baseline below the table; "
baseline=$(grep nearest "$out")
verdict 'one-vs-all of both seeds, and the nearest documents' "$why" "$out" "$err"

"$program" --work "$scratch/ova" --threads 1 "${options[@]}" --seeds 5,6 "${network[@]}" --baseline -q >"$out" 2>"$err" </dev/null && why="" || why="it failed; "
[ "$(tail -n 1 "$out")" = "$baseline" ] || why+="another baseline; "
[ -s "$err" ] && why+="it was not quiet; "
verdict 'quiet: the table and the nearest documents' "$why" "$out" "$err"

run 3 deepxml --framework DeepXML --set surrogate.init=random --set reranker.init=random --set global.embedding_dims=16 \
    --set global.surrogate_threshold=4 --dry-run && why="" || why="it failed; "
grep -q 'DeepXML: surrogate' "$out" || why+="another plan; "
grep -q 'framework ' "$err" && why+="a line about what was named; "
verdict "the original's by name" "$why" "$out" "$err"

"$program" plan --configs configs --dataset-size 485176,66666,670091 >"$out" 2>"$err" </dev/null && why="" || why="it failed; "
[ "$(grep -c '^framework SparseSlice: 670,091 labels, one-vs-all would take about .* h on two cores, DiSMEC would take about .* h on two cores; ' "$out")" -eq 1 ] || why+="no line; "
grep -q '^SparseSlice, 485,176 training' "$out" || why+="another plan; "
"$program" plan --configs configs --dataset AmazonTitles-670K --dataset-size 485176,66666,670091 2>>"$err" </dev/null | grep -q '^DeepXML, 485,176' ||
    why+="not the data set's own; "
verdict 'plan chooses alike' "$why" "$out" "$err"
finish
