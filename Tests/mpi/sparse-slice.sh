#!/usr/bin/env bash
# SparseSlice under mpirun: the same bits on any number of ranks, stopped and gone on or not; predict gives the scores of train; what
# extract, inspect, --dry-run and plan say of it; settings that are refused; and accuracy on WordNetSmall, where that is there
# (DEEPXML_REFERENCE names its parent folder; default: ../shared/reference).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/ranks.sh"
out=$scratch/out err=$scratch/err data=$scratch/data
small_dataset "$data/Small" 3000 300 400 2400
sequences "$data/Small"
path=SparseSlice/Linear/Small/v_0_1 features=$data/Small/tst_X_Xf.txt
# So accurate that training takes some time.
options=(
    --configs configs --data "$data" --dataset Small --framework SparseSlice --seeds 1 --threads 1 --predictions npz
    --set sparse_slice.tolerance=0.001 --set sparse_slice.max_passes=200
)

# same WORK: what is wrong with its results.
same() {
    local file
    for file in "$path" SparseSlice/Linear/Small/v_0; do
        cmp -s "$1/results/$file/score.npz" "$scratch/straight/results/$file/score.npz" || echo "$file/score.npz differs; "
    done
    file=results/SparseSlice/Linear/Small/v_0/metrics.json
    [ "$(figures "$1/$file" | grep -v block_size)" = "$(figures "$scratch/straight/$file" | grep -v block_size)" ] ||
        echo "metrics differ; "
}

begin "$scratch/straight" 1
await
verdict 'one rank' "$([ "$code" -eq 0 ] && [ -s "$scratch/straight/results/$path/score.npz" ] || echo "exit code $code")" "$err"
for ranks in 2 3 5; do
    begin "$scratch/$ranks" "$ranks"
    await
    verdict "$ranks ranks: the same bits" "$([ "$code" -eq 0 ] || echo "exit code $code; ")$(same "$scratch/$ranks")" "$err"
done

# Stopped by a signal to its launcher, killed by one to a rank, each time going on with another number of ranks. With small blocks:
# each is a checkpoint that takes some time to reach the disk.
ranks=3 work=$scratch/stopped why=""
count_blocks() { find "$work/models" -name 'ckpt_block-*' 2>/dev/null | wc -l; }
for signal in USR1 KILL; do
    before=$(count_blocks)
    begin "$work" "$ranks" --set sparse_slice.block_size=4
    until [ "$(count_blocks)" -gt "$before" ] || ! kill -0 "$job" 2>/dev/null; do sleep 0.005; done
    victim=$job
    [ "$signal" = KILL ] && victim=$(a_rank "$job")
    [ -n "$victim" ] && kill "-$signal" "$victim" 2>/dev/null
    await
    [ "$code" -ne 0 ] || why+="$signal came too late; "
    [ "$signal" != USR1 ] || [ "$code" -eq 75 ] || why+="exit code $code, not 75; "
    [ "$(count_blocks)" -gt 0 ] || why+="no block after $signal; "
    ranks=$((ranks % 3 + 2))
done
begin "$work" "$ranks" --set sparse_slice.block_size=4
await
[ "$code" -eq 0 ] || why+="going on ended with code $code; "
grep -q 'blocks of labels are trained' "$err" || why+="started over; "
[ -z "$(find "$work/models" -name 'ckpt_block-*')" ] || why+="blocks are left; "
verdict 'stopped, killed and gone on: the same bits' "$why$(same "$work")" "$err"

model=$work/models/$path
for ranks in 0 2; do
    start=("${launcher[@]}" -np "$ranks")
    [ "$ranks" -eq 0 ] && start=()
    timeout 300 "${start[@]}" "$program" predict "$model" --features "$features" --to "$out.npz" --chunk 41 --threads 1 -q \
        >"$out" 2>"$err" </dev/null
    verdict "predict, $ranks ranks" "$(cmp "$out.npz" "$work/results/$path/score.npz" 2>&1)" "$err"
done

"$program" extract "$model" --what classifier-weights --to "$out.npz" >"$out" 2>"$err" </dev/null
verdict 'extract: a sparse matrix' \
    "$(for part in data indices indptr shape format; do grep -aq "$part.npy" "$out.npz" || echo "no $part; "; done)" "$out" "$err"

# refused NAME WORDS COMMAND...: exit code 2, and an error that has the words.
refused() {
    local name=$1 words=$2 code
    shift 2
    timeout 60 "$@" >"$out" 2>"$err" </dev/null
    code=$?
    verdict "refused: $name" "$([ $code -eq 2 ] && grep -q -- "$words" "$err" || echo "exit code $code")" "$err"
}
train=("$program" --work "$scratch/refused" "${options[@]}")
refused 'embeddings of it' 'no document-embeddings' "$program" extract "$model" --what document-embeddings --features "$features" \
    --to "$out.npy"
refused 'no postings' 'sparse_slice.postings' "${train[@]}" --set sparse_slice.postings=0
refused 'an unknown key' 'did you mean "num_nbrs"' "${train[@]}" --set sparse_slice.num_nbr=5
refused 'a section of another framework' 'slice' "${train[@]}" --set slice.num_nbrs=5
refused 'several seeds' 'give one seed' "${train[@]}" --seeds 1,2
refused 'sequences' 'sequences of tokens have none' "${train[@]}" --set global.feature_type=sequential \
    --set global.trn_feat_fname=trn_X_seq.txt --set global.tst_feat_fname=tst_X_seq.txt
refused 'several seeds on two ranks' 'give one seed' "${launcher[@]}" -np 2 "${train[@]}" --seeds 1,2
verdict 'nothing was trained for what was refused' "$(find "$scratch/refused" -name 'ckpt_*' 2>/dev/null | head -n 3)"

"$program" inspect "$model" --verify >"$out" 2>"$err" </dev/null
code=$?
verdict 'inspect' "$([ $code -eq 0 ] || echo "exit code $code; "
    for word in SparseSlice ckpt_classifiers ckpt_shortlist 'weights up to 0.08'; do grep -q "$word" "$out" || echo "no $word; "; done)" \
    "$out" "$err"
for ranks in 1 3; do
    timeout 60 "${launcher[@]}" -np "$ranks" "$program" --work "$scratch/dry" "${options[@]}" --dry-run >"$out" 2>"$err" </dev/null
    code=$?
    verdict "--dry-run, $ranks ranks" "$([ $code -eq 0 ] || echo "exit code $code; "
        for word in 'label means, classifiers' 'all label means on each' solvers 'blocks of labels'; do
            grep -q "$word" "$out" || echo "no $word; "
        done
        [ ! -e "$scratch/dry/models" ] || echo 'it trained')" "$out" "$err"
done
"$program" plan --framework SparseSlice --configs configs --ranks 1,8 --dataset-size 490449,135909,670091 >"$out" 2>"$err" </dev/null
verdict 'plan' "$(grep -Eq '[0-9.]+ [MG]iB' "$out" || echo 'no estimate')" "$out" "$err"

reference=${DEEPXML_REFERENCE:-$repository/../shared/reference}/WordNetSmall
if [ -f "$reference/trn_X_Xf.txt" ]; then
    mkdir -p "$data/WordNetSmall"
    ln -s "$(realpath "$reference")"/t*_X_*.txt "$data/WordNetSmall"
    timeout 300 "${launcher[@]}" -np 2 "$program" --work "$scratch/wordnet" --configs configs --data "$data" --dataset WordNetSmall \
        --framework SparseSlice --threads 1 >"$out" 2>"$err" </dev/null
    code=$?
    # per_cent METRIC K: of the ensemble, the first in the file.
    per_cent() {
        tr -d '\n ' <"$scratch/wordnet/results/SparseSlice/Linear/WordNetSmall/v_0/metrics.json" |
            grep -o "\"$1\":\[[^]]*" | head -n 1 | sed 's/.*\[//' | cut -d , -f "$2"
    }
    verdict 'accuracy on WordNetSmall' "$([ $code -eq 0 ] || echo "exit code $code; "
        for floor in 'P 1 72.7' 'P 5 60.2' 'PSP 1 28.9' 'PSP 5 47.4'; do
            read -r metric k least <<<"$floor"
            found=$(per_cent "$metric" "$k")
            awk -v found="$found" -v least="$least" 'BEGIN { exit !(found >= least) }' || echo "$metric@$k $found, not $least; "
        done)" "$out" "$err"
else
    echo "skipped: accuracy on WordNetSmall: $reference is missing"
fi
finish
