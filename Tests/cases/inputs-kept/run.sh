#!/usr/bin/env bash
# Outputs named as what is read, or as what an earlier run has written: refused before the work, and every byte stays.
. "$(dirname "$0")/../lib.sh"
text_model
D=$DEEPXML_DIST
data=$T/d/x results=$(echo "$T"/w/results/*/*/x/v_0)
mkdir "$T/scores" && cp "$results/score.npz" "$T/scores"
"$D" convert --from "$data/tst_X_Xf.txt" --to "$T/X.npz" -q && cp "$T/X.npz" "$T/X.npy" || fail convert
cp "$T/x.tsv" "$data/trn_raw.tsv"
state() { find "$T/d" "$results"* "$T/scores" "$T/X.npy" -type f -not -name '*.html' -exec md5sum {} + | sort; }
before=$(state)
train=("$D" train --framework DeepXML-OVA --work "$T/w" --data "$T/d" --dataset x --set global.embedding_dims=16 --set extreme.init=random
  --set extreme.num_epochs=1 --quiet)
scores=("$D" evaluate --predictions "$results/score.npz" --labels "$data/tst_X_Y.txt")
replaced="that is read would be replaced"
refused 2 "$replaced" "${scores[@]}" --report "$data/tst_X_Y.txt"
refused 2 "$replaced" "${scores[@]}" --train-labels "$data/trn_X_Y.txt" --report "$T/d/../d/x/trn_X_Y.txt"
page="a page would take the place of another file"
refused 2 "$page" "$D" report "$results" --to "$results/metrics.json"
refused 2 "$page" "$D" report "$results" --to "${results}_22/events.jsonl"
refused 2 "$page" "$D" merge --work "$T/w" --data "$T/d" --dataset x --framework DeepXML-OVA --report "$data/tst_X_Y.txt"
refused 2 "$replaced" "$D" encode "$model" --features "$T/X.npy" --to "$T/X.npy"
refused 2 "$replaced" "$D" extract "$model" --what document-embeddings --features "$T/X.npy" --to "$T/X.npy"
refused 2 "$replaced" "$D" merge "$T/scores/score.npz" "$results/score.npz" --output "$T/scores"
refused 2 "$page" "$D" merge "$T/scores/score.npz" "$results/score.npz" --output "$T/both" --labels "$data/tst_X_Y.txt" --report "$data/tst_X_Y.txt"
refused 2 "results of a run" "$D" merge "$T/scores/score.npz" "$results/score.npz" --output "${results}_22" --predictions text
refused 2 "holds something else" "${train[@]}" --version 1 --events "$data/trn_X_Y.txt"
refused 2 "holds something else" "${train[@]}" --version 1 --events "$results/metrics.json" --fresh
refused 2 "own file of events" "${train[@]}" --events "${results}_22/events.jsonl"
# A version and a learner of another one by one name.
refused 2 "a learner of another version" "${train[@]}" --version 0_22
refused 0 "" "${train[@]}" --version 7_1 --work "$T/w7"
refused 2 "an ensemble of another version" "${train[@]}" --version 7 --seeds 1 --work "$T/w7"
refused 2 "would go with the data set" "$D" prepare --train "$data/trn_raw.tsv" --name x --data "$T/d" --embeddings none --min-count 1 --force
[[ $(state) == "$before" ]] || fail "not all bytes stay: $(diff <(state) <(echo "$before"))"

# Events go on in their own file, and to a pipe once somebody reads it; a job that waits for that can be stopped.
refused 0 "" "${train[@]}" --version 2 --events "$T/events"
refused 0 "" "${train[@]}" --version 3 --events "$T/events"
[[ $(grep -c '"event":"start"' "$T/events") -eq 2 ]] || fail "events of two jobs"
mkfifo "$T/pipe"
"${train[@]}" --version 4 --events "$T/pipe" >"$T/log" 2>&1 </dev/null &
job=$!
sleep 1
grep -q '"event":"start"' <"$T/pipe" || fail "no event came through the pipe"
wait $job || fail "a job with a pipe: exit code $?"
"${train[@]/--quiet/--baseline}" --version 5 --events "$T/pipe" >"$T/log" 2>&1 </dev/null &
job=$!
for _ in {1..100}; do grep -q "waiting until somebody reads" "$T/log" && break || sleep 0.1; done
kill -TERM $job
wait $job
[[ $? -eq 75 ]] && grep -q "nobody read the pipe" "$T/log" || { cat "$T/log"; fail "a job that waits for a reader cannot be stopped"; }

# A folder that holds results is not a model's, and its message says so.
refused 2 "a folder of results" "$D" predict "$results" --text "$T/x.tsv"
# A compressed model has nothing to take out: that is no damage.
"$D" compress "$model" --to "$T/small" --precision int8 >/dev/null || fail compress
refused 2 "compressed model has no checkpoints" "$D" extract "$T/small" --what classifier-weights --to "$T/w.npy"
refused 2 "compressed model has no checkpoints" "$D" encode "$T/small" --text "$T/x.tsv" --to "$T/w.npy"
refused 2 "no share of weights" "$D" compress "$model" --to "$T/s2" --prune nan
ok right
