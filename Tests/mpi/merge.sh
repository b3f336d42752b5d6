#!/usr/bin/env bash
# Learners that jobs of their own have trained, at the same time: merge makes the ensemble of them, and refuses what is missing,
# damaged or of another config.
. "$(dirname "$0")/lib.sh"
data=$scratch/data out=$scratch/out err=$scratch/err results=results/DeepXML/Astec/Small
small_dataset "$data/Small" 300 80 200 100
options=(
    --configs configs --data "$data" --dataset Small "${small_settings[@]}" --set surrogate.num_epochs=2 --set extreme.num_epochs=2
    --set reranker.num_epochs=2 --set extreme.num_nbrs=50
)
work=$scratch/apart

# expect NAME CODE PATTERN... -- ARGUMENT...
expect() {
    local name=$1 code=$2 patterns=() why="" pattern status
    shift 2
    while [ "$1" != -- ]; do patterns+=("$1"); shift; done
    shift
    "$program" "$@" >"$out" 2>"$err" </dev/null
    status=$?
    [ "$status" -eq "$code" ] || why+="exit code $status, not $code; "
    for pattern in "${patterns[@]}"; do cat "$out" "$err" | grep -Eq -- "$pattern" || why+="no \"$pattern\"; "; done
    verdict "$name" "$why" "$out" "$err"
}

"${launcher[@]}" -np 4 "$program" --work "$scratch/together" --seeds 3,1,2 -q "${options[@]}" >"$out" 2>"$err" </dev/null
verdict "three learners of one job" "$([ $? -eq 0 ] || echo failed)" "$err"

jobs=() why=""
for seed in 1 2 3; do
    "${launcher[@]}" -np "$seed" "$program" --work "$work" --seeds "$seed" --learners-only "${options[@]}" >"$out.$seed" 2>"$err.$seed" </dev/null &
    jobs+=($!)
done
for job in "${jobs[@]}"; do wait "$job" || why+="one failed; "; done
[ ! -e "$work/$results/v_0" ] && [ ! -e "$work/models/DeepXML/Astec/Small/v_0" ] || why+="files of an ensemble; "
[ -z "$(find "$work" -name 'run.lock*')" ] || why+="locks stayed; "
verdict "three jobs at the same time, each with its learner alone" "$why" "$err.1" "$err.2" "$err.3"

expect "a learner that is missing is named" 2 'v_0_7/predictions.h5' 'seed 7 is not trained' 'train --seeds 7' -- \
    merge --work "$work" "${options[@]}" --seeds 1,7,2
expect "several are" 2 'seeds 8, 9 are not trained' 'train --seeds 8,9' -- merge --work "$work" "${options[@]}" --seeds 8,1,9
expect "another config" 2 'the config differs' -- merge --work "$work" "${options[@]}" --seeds 1,2 --set extreme.num_epochs=3
expect "an option of training alone" 2 'nknown option' -- merge --work "$work" "${options[@]}" --seeds 1,2 --fresh
[ ! -e "$work/$results/v_0_7" ] && [ ! -e "$work/$results/v_0/metrics.json" ]
verdict "what was refused left nothing" "$([ $? -eq 0 ] || echo 'there are files')"

expect "merge" 0 'ensemble ' 'metrics.json' -- merge --work "$work" "${options[@]}" --seeds 3,1,2
why=$(diff <(figures "$scratch/together/$results/v_0/metrics.json") <(figures "$work/$results/v_0/metrics.json") | head -n 5)
for file in v_0/score.npz v_0/log_eval.txt; do cmp -s "$scratch/together/$results/$file" "$work/$results/$file" || why+="$file differs; "; done
cmp -s "$scratch/together/models/DeepXML/Astec/Small/v_0/ensemble.json" "$work/models/DeepXML/Astec/Small/v_0/ensemble.json" || why+="ensemble.json differs; "
verdict "the ensemble of learners trained apart has the bits of that of one job" "$why"

flip_byte "$work/$results/v_0_2/predictions.h5"
expect "damaged predictions" 3 'v_0_2/predictions.h5' 'damaged' -- merge --work "$work" "${options[@]}" --seeds 1,2
expect "are made again by training" 0 'seed 2' -- train --work "$work" "${options[@]}" --seeds 2 --learners-only
expect "and merge then" 0 -- merge --work "$work" "${options[@]}" --seeds 3,1,2
cmp -s "$scratch/together/$results/v_0/score.npz" "$work/$results/v_0/score.npz"
verdict "to the same bits" "$([ $? -eq 0 ] || echo 'score.npz differs')"

# Learners of other frameworks and of other programs: score files and folders of results.
test_labels=$data/Small/tst_X_Y.txt
"${launcher[@]}" -np 2 "$program" --work "$work" "${options[@]}" --framework DeepXML-OVA --arch Astec --seeds 5 --set extreme.init=random -q >"$out" 2>"$err" </dev/null
verdict "a learner of another framework" "$([ $? -eq 0 ] || echo failed)" "$err"
other=$work/results/DeepXML-OVA/Astec/Small/v_0_5
expect "unlike learners and a score file" 0 'weight' '2\.000' 'metrics.json' -- merge "$work/$results/v_0" "$other" "$other/score.h5" \
    --weights 2,1,0 --labels "$test_labels" --train-labels "$data/Small/trn_X_Y.txt" --output "$scratch/both"
grep -q '"PSP"' "$scratch/both/metrics.json" && [ -s "$scratch/both/score.npz" ] && [ -s "$scratch/both/score.h5" ]
verdict "leave their ensemble and its figures" "$([ $? -eq 0 ] || echo 'a file is missing')"
expect "weights chosen on documents" 0 'weights chosen on .* documents: P@1' -- merge "$work/$results/v_0" "$other" --tune --metric P@1 \
    --validation "$work/$results/v_0/score.npz,$other/score.npz" --validation-labels "$test_labels" --output "$scratch/tuned"
expect "a learner's weight is missing" 2 'weights' '1 values' -- merge "$other" "$other" --weights 1 --output "$scratch/no"
expect "scores of other documents" 2 'other documents' -- merge "$other" "$other" --tune --validation "$other/score.npz,$other/score.npz" \
    --validation-labels "$data/Small/trn_X_Y.txt" --output "$scratch/no"
expect "--tune without documents" 2 'validation' -- merge "$other" "$other" --tune --output "$scratch/no"
expect "no folder" 2 '--output' -- merge "$other" "$other"
expect "no files" 2 'score files' -- merge --weights 1,2 --work "$work" "${options[@]}"
expect "options of a run's learners with files" 2 'found: *--seeds, --tune-metric' -- merge "$other" "$other" --seeds 1,2 --tune-metric P@1 \
    --output "$scratch/no"
expect "options of files with learners" 2 'found: *--normalise, --metric, --top-k' -- merge --work "$work" "${options[@]}" --seeds 1,2 \
    --metric P@1 --top-k 5 --normalise max
expect "a misspelled method" 2 'did you mean sigmoid' -- merge "$other" "$other" --normalise sigmiod --output "$scratch/no"
[ ! -e "$scratch/no" ]
verdict "what was refused left no folder" "$([ $? -eq 0 ] || echo 'there is one')"
finish
