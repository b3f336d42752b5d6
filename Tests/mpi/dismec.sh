#!/usr/bin/env bash
# DiSMEC under mpirun: a job that is killed and goes on with another number of ranks ends with the results of one that nobody stopped,
# bit for bit; predict gives the scores of train on any number of ranks; what extract, inspect, --dry-run and plan say of it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/ranks.sh"
out=$scratch/out err=$scratch/err
small_dataset "$scratch/data/Small" 3000 300 400 2400
path=DiSMEC/Linear/Small/v_0_1 features=$scratch/data/Small/tst_X_Xf.txt
# Small blocks: each is a checkpoint that takes some time to reach the disk.
options=(
    --configs configs --data "$scratch/data" --dataset Small --framework DiSMEC --seeds 1 --threads 1 --set dismec.block_size=4
    --predictions npz
)

# same WORK: what is wrong with its results.
same() {
    local file
    for file in "$path" DiSMEC/Linear/Small/v_0; do
        cmp -s "$1/results/$file/score.npz" "$scratch/straight/results/$file/score.npz" || echo "$file/score.npz differs; "
    done
    file=results/DiSMEC/Linear/Small/v_0/metrics.json
    [ "$(figures "$1/$file")" = "$(figures "$scratch/straight/$file")" ] || echo "metrics differ; "
}

begin "$scratch/straight" 1
await
verdict 'one rank' "$([ "$code" -eq 0 ] && [ -s "$scratch/straight/results/$path/score.npz" ] || echo "exit code $code")" "$err"
for ranks in 2 3 6; do
    begin "$scratch/$ranks" "$ranks"
    await
    verdict "$ranks ranks: the same bits" "$([ "$code" -eq 0 ] || echo "exit code $code; ")$(same "$scratch/$ranks")" "$err"
done

ranks=3 work=$scratch/killed why="" hits=0
for signal in KILL USR1 KILL; do
    begin "$work" "$ranks"
    until_said 'seed 1 classifiers [0-9]*/'
    case $signal in
        KILL) victim=$(a_rank "$job") && [ -n "$victim" ] && kill -KILL "$victim" 2>/dev/null ;;
        *) kill "-$signal" "$job" 2>/dev/null ;;
    esac && hits=$((hits + 1))
    await
    [ "$code" -ne 0 ] || why+="$signal came too late; "
    [ "$signal" != USR1 ] || [ "$code" -eq 75 ] || why+="exit code $code, not 75; "
    blocks=$(find "$work/models" -name 'ckpt_block-*' | wc -l)
    [ "$blocks" -gt 0 ] || why+="no block after $signal; "
    ranks=$((ranks % 4 + 1))
done
begin "$work" "$ranks"
await
[ "$code" -eq 0 ] || why+="going on ended with code $code; "
grep -q 'blocks of labels are trained' "$err" || why+="started over; "
[ -z "$(find "$work/models" -name 'ckpt_block-*')" ] || why+="blocks are left; "
verdict "killed $hits times: the same bits" "$why$(same "$work")" "$err"

model=$work/models/$path
for ranks in 1 2 3; do
    timeout 300 "${launcher[@]}" -np "$ranks" "$program" predict "$model" --features "$features" --to "$out.npz" --threads 1 -q \
        >"$out" 2>"$err" </dev/null
    verdict "predict, $ranks ranks" "$(cmp "$out.npz" "$work/results/$path/score.npz" 2>&1)" "$err"
done

"$program" extract "$model" --what classifier-weights --to "$out.npz" >"$out" 2>"$err" </dev/null
verdict 'extract: a sparse matrix' \
    "$(for part in data indices indptr shape format; do grep -aq "$part.npy" "$out.npz" || echo "no $part; "; done)" "$out" "$err"
# refused NAME WORDS OPTION...
refused() {
    local name=$1 words=$2 code
    shift 2
    "$program" extract "$model" "$@" >"$out" 2>"$err" </dev/null
    code=$?
    verdict "$name" "$([ $code -eq 2 ] && grep -q "$words" "$err" || echo "exit code $code")" "$err"
}
refused 'extract: no dense file' 'sparse matrix' --what classifier-weights --to "$out.npy"
refused 'extract: no embeddings' 'no document-embeddings' --what document-embeddings --features "$features" --to "$out.npy"

"$program" inspect "$model" >"$out" 2>"$err" </dev/null
verdict 'inspect' "$(for word in DiSMEC ckpt_classifiers "weights up to 0.01"; do grep -q "$word" "$out" || echo "no $word; "; done)" "$out" "$err"
"$program" --work "$scratch/dry" "${options[@]}" --dry-run >"$out" 2>"$err" </dev/null
verdict '--dry-run' "$(for word in 'Messages: none' solvers 'blocks of labels'; do grep -q "$word" "$out" || echo "no $word; "; done)" "$out" "$err"
"$program" plan --framework DiSMEC --configs configs --ranks 1,8 --dataset-size 490449,135909,670091 >"$out" 2>"$err" </dev/null
verdict 'plan' "$(grep -q GiB "$out" || echo 'no estimate')" "$out" "$err"
finish
