#!/usr/bin/env bash
# Slice under mpirun: a job whose processes are killed, and that goes on with another number of ranks, ends with the results of one
# that nobody stopped; predict, extract, inspect and --dry-run of what it trained, of sparse and of dense features.
. "$(dirname "$0")/lib.sh"
out=$scratch/out err=$scratch/err data=$scratch/data/Small
small_dataset "$data" 1500 150 300 640

# Vectors of 40 numbers: each document's weighted tokens, of which those 40 apart are added up.
for name in trn tst; do
    awk 'NR == 1 { print $1, 40; next } { split("", v); for (i = 1; i <= NF; i++) { split($i, pair, ":"); v[pair[1] % 40] += pair[2] }
        line = ""; for (i = 0; i < 40; i++) line = line (i ? " " : "") i ":" v[i] + 0; print line }' \
        "$data/${name}_X_Xf.txt" >"$data/${name}_X_dense.txt"
done
options=(
    --configs configs --data "$scratch/data" --dataset Small --framework Slice --seeds 1 --threads 1 --predictions 'npz,text'
    --checkpoint-every 1 --set slice.num_nbrs=60
)
sparse=(--set slice.init=random --set global.embedding_dims=40)
dense=(--set global.feature_type=dense --set global.trn_feat_fname=trn_X_dense.txt --set global.tst_feat_fname=tst_X_dense.txt)

# train WORK RANKS OPTION...: to its end.
train() {
    local folder=$1 ranks=$2
    shift 2
    timeout 300 "${launcher[@]}" -np "$ranks" "$program" --work "$folder" "${options[@]}" "$@" >"$out" 2>"$err" </dev/null
}

# checkpoints WORK: of classifiers in training.
checkpoints() { find "$1/models" -name 'ckpt_extreme_*' 2>/dev/null | sort; }

# killed SIGNAL WORK RANKS OPTION...: sends the signal to the job, or KILL to one of its ranks, once it has made a checkpoint.
killed() {
    local signal=$1 folder=$2 ranks=$3 tries=0 victim before
    shift 3
    before=$(checkpoints "$folder")
    : >"$err"
    env --default-signal=INT,TERM,USR1 "${launcher[@]}" -np "$ranks" "$program" --work "$folder" "${options[@]}" "$@" \
        >"$out" 2>"$err" </dev/null &
    job=$!
    until [ "$(checkpoints "$folder")" != "$before" ] || ! kill -0 "$job"; do sleep 0.005; done
    victim=$job
    [ "$signal" = KILL ] && victim=$(a_rank "$job")
    [ -n "$victim" ] && kill "-$signal" "$victim"
    while kill -0 "$job" && [ $((tries += 1)) -lt 15000 ]; do sleep 0.02; done
    [ "$tries" -lt 15000 ] || kill -KILL "$job"
    wait "$job"
    code=$?
} 2>/dev/null

# same WORK OTHER: what is wrong with the first one's scores.
same() {
    local file why="" count=0
    while read -r file; do
        count=$((count + 1))
        cmp -s "$1/results/$file" "$2/results/$file" || why+="$file differs; "
    done < <(cd "$2/results" && find . -name 'score.*z' -o -name score.txt | sort)
    [ "$count" -ge 2 ] || why+="no scores; "
    echo "$why"
}

# check NAME OPTION...
check() {
    local name=$1 straight=$scratch/$1 work=$scratch/$1-stopped model why ranks results features
    shift
    train "$straight" 1 "$@" || { fail "$name" "exit code not 0" "$err"; return; }
    results=$straight/results/Slice/Linear/Small/v_0_1 model=$straight/models/Slice/Linear/Small/v_0_1
    for ranks in 2 3 6; do
        why=""
        train "$scratch/$name-$ranks" "$ranks" "$@" || why="exit code not 0; "
        verdict "$name: the same bits on $ranks ranks" "$why$(same "$scratch/$name-$ranks" "$straight")" "$err"
    done

    why=""
    killed USR1 "$work" 3 "$@"
    [ "$code" -eq 75 ] || why+="stopped with code $code; "
    killed KILL "$work" 2 "$@"
    [ "$code" -ne 0 ] || why+="killed too late; "
    train "$work" 6 "$@" || why+="going on ended badly; "
    grep -q 'goes on from checkpoint extreme' "$err" || why+="started over; "
    verdict "$name: stopped, killed and gone on: the same bits" "$why$(same "$work" "$straight")" "$err"

    features=$data/tst_X_Xf.txt
    [[ $* == *dense* ]] && features=$data/tst_X_dense.txt
    for ranks in 0 2 3; do
        local start=("${launcher[@]}" -np "$ranks")
        [ "$ranks" -eq 0 ] && start=()
        why=""
        timeout 300 "${start[@]}" "$program" predict "$model" --features "$features" --to "$scratch/p.txt" --chunk 41 --threads 1 -q \
            >"$out" 2>"$err" </dev/null || why="exit code not 0; "
        cmp -s "$scratch/p.txt" "$results/score.txt" || why+="other scores; "
        verdict "$name: predict on $ranks ranks gives what train wrote" "$why" "$err"
    done

    why=""
    "$program" extract "$model" --what classifier-weights --to "$scratch/w.npy" -q >"$out" 2>"$err" </dev/null || why+="no weights; "
    grep -aq "'shape': (640, 41)" "$scratch/w.npy" || why+="not a row of 41 numbers a label; "
    "$program" extract "$model" --what document-embeddings --features "$features" --to "$scratch/x.npy" -q >>"$out" 2>>"$err" </dev/null ||
        why+="no vectors; "
    grep -aq "'shape': (150, 40)" "$scratch/x.npy" || why+="not 40 numbers a document; "
    verdict "$name: extract" "$why" "$out" "$err"

    why=""
    "$program" inspect "$model" --verify >"$out" 2>"$err" </dev/null || why+="exit code not 0; "
    grep -Eq 'framework +Slice' "$out" && grep -Eq 'dimensions +40' "$out" || why+="not what it is; "
    verdict "$name: inspect" "$why" "$out" "$err"

    for ranks in 1 2 3; do
        why=""
        train "$scratch/none" "$ranks" --dry-run "$@" || why+="exit code not 0; "
        grep -q 'Slice: shortlists, classifiers' "$out" && grep -q 'document vectors' "$out" || why+="not its plan; "
        [ ! -e "$scratch/none/models" ] || why+="it trained; "
        verdict "$name: --dry-run on $ranks ranks" "$why" "$out" "$err"
    done
}

check sparse "${sparse[@]}"
check dense "${dense[@]}"

train "$scratch/refused" 2 --set slice.num_nbr=5
code=$?
verdict 'an unknown key is refused' "$([ $code -eq 2 ] && grep -q 'did you mean "num_nbrs"' "$err" || echo "code $code")" "$err"
finish
