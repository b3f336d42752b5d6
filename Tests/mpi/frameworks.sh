#!/bin/bash
# DeepXML-ANNS, a recurrent encoder and a transformer, under mpirun: a job whose processes are killed, and that goes on with another number of
# ranks, ends with the results of one that nobody stopped, bit for bit.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/ranks.sh"
out=$scratch/out err=$scratch/err data=$scratch/data/Small
small_dataset "$data" 765 150 300 200

sequences "$data"
cat >"$scratch/SmallGRU.json" <<'ARCH'
{"transform_coarse": {"order": ["astecpp", "rnn"], "astecpp": {"dropout": 0.1},
  "rnn": {"cell_type": "GRU", "hidden_size": 16, "bidirectional": true}},
 "transform_fine": {"order": ["identity"], "identity": {}}}
ARCH
cat >"$scratch/SmallTransformer.json" <<'ARCH'
{"transform_coarse": {"order": ["transformer", "pooling"],
  "transformer": {"num_layers": 2, "num_heads": 4, "intermediate_size": 64, "positions": 64}, "pooling": {"kind": "mean"}},
 "transform_fine": {"order": ["identity"], "identity": {}}}
ARCH
sequences=(--set global.feature_type=sequential --set global.trn_feat_fname=trn_X_seq.txt --set global.tst_feat_fname=tst_X_seq.txt)
options=(
    --configs configs --data "$scratch/data" --dataset Small --seeds 1 --checkpoint-every 1 "${small_settings[@]}"
    --set extreme.init=random --set global.embedding_dims=32
)

# check NAME WHERE OPTION...: kills the job where each of the patterns is first logged, one after the other.
check() {
    local name=$1 patterns=$2 work=$scratch/$1 pattern why="" hits=0 ranks=3 victim
    shift 2
    begin "$scratch/$name-straight" 3 "$@"
    await
    [ "$code" -eq 0 ] || { fail "$name" "exit code $code" "$err"; return; }
    for pattern in $patterns; do
        begin "$work" "$ranks" "$@"
        until_said "seed 1 ${pattern#*:}/"
        case $pattern in
            KILL:*) victim=$(a_rank "$job") && [ -n "$victim" ] && kill -KILL "$victim" 2>/dev/null ;;
            *) kill "-${pattern%%:*}" "$job" 2>/dev/null ;;
        esac && hits=$((hits + 1))
        await
        [ "$code" -ne 0 ] || why+="$pattern came too late; "
        # Another number of ranks goes on.
        ranks=$((ranks % 4 + 1))
    done
    begin "$work" "$ranks" "$@"
    await
    [ "$code" -eq 0 ] || why+="going on ended with code $code; "
    grep -q 'goes on from checkpoint' "$err" || why+="started over; "
    (cd "$work/results" && find . -name score.npz) | sort >"$scratch/files"
    [ "$(grep -c . "$scratch/files")" -eq 2 ] || why+="no scores; "
    while read -r file; do
        cmp -s "$work/results/$file" "$scratch/$name-straight/results/$file" || why+="$file differs; "
    done <"$scratch/files"
    local metrics
    metrics=$(cd "$work/results" && find . -name metrics.json)
    [ "$(figures "$work/results/$metrics")" = "$(figures "$scratch/$name-straight/results/$metrics")" ] || why+="metrics differ; "
    verdict "$name: killed $hits times, the same bits" "$why" "$err"
}

check anns "KILL:extreme.3 USR1:extreme.[0-9]*" --framework DeepXML-ANNS --set extreme.num_epochs=80 --set extreme.batch_size=24 --set extreme.retrain_hnsw_after=3
check gru "USR1:surrogate.2 KILL:extreme.2" --arch "$scratch/SmallGRU.json" "${sequences[@]}" --set surrogate.num_epochs=4 \
    --set extreme.init=intermediate --set extreme.num_epochs=5 --set reranker.num_epochs=3
check transformer "USR1:extreme.2 KILL:extreme.4" --framework DeepXML-OVA --arch "$scratch/SmallTransformer.json" "${sequences[@]}" \
    --set extreme.num_epochs=8 --set extreme.optim=AdamW --set extreme.lr_schedule=linear --set extreme.warmup=0.2 \
    --set extreme.layer_decay=0.8 --set extreme.clip_norm=1 --set extreme.encoder_rate=0.1
finish
