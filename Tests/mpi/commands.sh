#!/usr/bin/env bash
# The command line of inspect, extract, encode and doctor: help, wrong use, missing paths, damage, and what they print and write.
. "$(dirname "$0")/lib.sh"
data=$scratch/data work=$scratch/work out=$scratch/out err=$scratch/err
small_dataset "$data/Small" 120 30 80 40
seq -f 'label %g' 0 39 >"$data/Small/labels.txt"

# expect NAME CODE PATTERN... -- ARGUMENT...: the command ends with CODE and has said all patterns (of its output where
# CODE is 0, of its one error or its page where it is not).
expect() {
    local name=$1 code=$2 patterns=() why="" pattern status
    shift 2
    while [ "$1" != -- ]; do
        patterns+=("$1")
        shift
    done
    shift
    timeout 120 "$program" "$@" >"$out" 2>"$err" </dev/null
    status=$?
    [ "$status" -eq "$code" ] || why+="exit code $status, not $code; "
    [ "$code" -eq 0 ] && [ -s "$err" ] && why+="it complained; "
    [ "$code" -eq 2 ] && [ "$(grep -ci '^error:' "$err")" -ne 1 ] && why+="$(grep -ci '^error:' "$err") errors; "
    for pattern in "${patterns[@]}"; do cat "$out" "$err" | grep -Eq -- "$pattern" || why+="no \"$pattern\"; "; done
    verdict "$name" "$why" "$out" "$err"
}

for command in inspect extract encode doctor report watch; do
    expect "$command --help" 0 'USAGE: deepxml-dist '"$command" EXAMPLES 'EXIT CODES' -- "$command" --help
done
expect 'inspect: an unknown flag' 2 'nknown option' -- inspect . --verfy
expect 'doctor: an unknown flag' 2 'nknown option' -- doctor --wrok .
expect 'extract: an unknown flag' 2 'nknown option' -- extract . --what token-embeddings --to "$scratch/x.npy" --modul extreme
expect 'an unknown subcommand' 2 'did you mean "inspect"' -- inspekt
expect 'inspect without a path' 2 'path' -- inspect
expect 'inspect: nothing there' 2 'there is nothing at this path' 'expected:' -- inspect "$scratch/nowhere"
expect 'extract: no model there' 2 'no trained model here' -- extract "$data/Small" --what token-embeddings --to "$scratch/t.npy"
expect 'extract: an unknown thing' 2 'document-embeddings' -- extract "$data/Small" --what weights --to "$scratch/t.npy"
expect 'doctor: no such folder' 4 'FAIL  work folder' -- doctor --work "$scratch/nowhere"
expect 'report: no results' 2 'no results to report' -- report "$data/Small"
expect 'report: one run and --compare' 2 'nothing to be compared with' -- report "$data/Small" --compare
expect 'watch: no run' 2 'no run to watch' -- watch "$scratch/nowhere"
expect 'doctor --json' 0 '"subject": "MPI", "verdict": "ok"' -- doctor --work "$scratch" --json
expect 'plan --json' 0 '"efficiency": ' -- plan --dataset-size 1000,100,200 --json --configs configs
expect 'doctor' 0 'ok    MPI ' 'ok    HDF5 ' 'ok    start of processes' 'ok    stop of jobs' -- doctor --work "$scratch"
"${launcher[@]}" -np 3 "$program" doctor --work "$scratch" >"$out" 2>"$err" </dev/null
verdict 'doctor under mpirun speaks once' "$([ "$(grep -c 'started by mpirun, 3 ranks' "$out")" -eq 1 ] || echo 'not once')" "$out" "$err"

"${launcher[@]}" -np 3 "$program" --configs configs --data "$data" --work "$work" --dataset Small --seeds 1,2 -q \
    --set global.embedding_dims=16 --set extreme.num_epochs=2 --set surrogate.num_epochs=2 --set reranker.num_epochs=2 \
    "${small_settings[@]}" >"$out" 2>"$err" </dev/null &
job=$!
for ((tries = 0; tries < 1000; tries++)); do [ -s "$work/results/DeepXML/Astec/Small/v_0_1/events.jsonl" ] && break; sleep 0.02; done
"$program" watch "$work/results/DeepXML/Astec/Small/v_0" >"$scratch/watched"
watched=$?
wait "$job"
verdict 'a model to look at' "$([ $? -eq 0 ] || echo 'training failed')" "$out" "$err"
verdict 'watch follows it to its end' "$([ $watched -eq 0 ] && [ "$(grep -cE 'seed [12] (is trained: P@1|ends)' "$scratch/watched")" -eq 4 ] ||
    echo "exit code $watched, or events are missing")" "$scratch/watched"
ensemble=$work/models/DeepXML/Astec/Small/v_0 model=$work/models/DeepXML/Astec/Small/v_0_1
same=$(stat -c %i "$model/training.xcd" "${model%1}2/training.xcd" | sort -u | wc -l)
verdict "the learners' training data lie on the disk once" "$([ "$same" -eq 1 ] || echo 'two files')"

expect 'inspect a model' 0 '^model ' 'seed +1$' 'trained +yes' 'reranker' 'no damage seen' -- inspect "$model"
expect 'inspect --verify an ensemble' 0 '^ensemble ' '\.\./v_0_2' 'every byte was read' -- inspect --verify "$ensemble"
expect 'inspect a checkpoint' 0 'classifier.weight' 'epochs done +2' -- inspect "$model/ckpt_extreme_2_0"
expect 'inspect a data set' 0 '120×80' 'fingerprint' -- inspect "$data/Small/"
expect 'inspect --json results' 0 '"whole": true' '"metrics": \[' -- inspect --verify --json "${model/models/results}/../v_0"
expect 'extract weights' 0 '40×17' -- extract "$model" --what classifier-weights --to "$scratch/w.npy"
expect 'inspect what was extracted' 0 'shape +40×17' -- inspect "$scratch/w.npy"
expect 'extract documents' 0 '30×16' -- \
    extract "$model/" --what document-embeddings --layer final --features "$data/Small/tst_X_Xf.txt" --to "$scratch/d.h5"
expect 'extract tokens' 0 '80×16' -- extract "$model" --what token-embeddings --module reranker --to "$scratch/t.npz"
expect 'extract: documents without features' 2 '--features' -- extract "$model" --what document-embeddings --to "$scratch/x.npy"
expect 'extract: features of another thing' 2 '--features goes with' -- \
    extract "$model" --what token-embeddings --features "$data/Small/tst_X_Xf.txt" --to "$scratch/x.npy"
expect 'extract: no format' 2 'npy, .npz or .h5' -- extract "$model" --what token-embeddings --to "$scratch/x.csv"
expect 'extract: an ensemble' 2 'one learner is wanted' 'v_0_1' -- extract "$ensemble" --what token-embeddings --to "$scratch/x.npy"
expect 'extract: a folder that is not there' 2 'x.npy' -- extract "$model" --what token-embeddings --to "$scratch/nowhere/x.npy"
expect 'extract: no module' 2 'did you mean reranker' -- extract "$model" --what token-embeddings --module rerankr --to "$scratch/x.npy"
expect 'encode' 0 'vectors of 30 documents, 30×16' -- encode "$model" --features "$data/Small/tst_X_Xf.txt" --to "$scratch/e.npy"
expect 'encode: the same as extract' 0 '30×16' -- \
    extract "$model" --what document-embeddings --features "$data/Small/tst_X_Xf.txt" --to "$scratch/f.npy"
verdict 'encode: the same bytes as extract' "$(cmp -s "$scratch/e.npy" "$scratch/f.npy" || echo 'they differ')" "$out" "$err"
expect 'encode: no documents' 2 'either --text FILE' -- encode "$model" --to "$scratch/x.npy"
expect 'encode: an option of weights' 2 'does not go with this kind of model' 'leave --pooling out' -- \
    encode "$model" --features "$data/Small/tst_X_Xf.txt" --pooling cls --to "$scratch/x.npy"
expect 'encode: no model' 2 'neither a trained learner nor pretrained weights' -- \
    encode "$data/Small" --features "$data/Small/tst_X_Xf.txt" --to "$scratch/x.npy"
verdict 'nothing was half-written' "$(find "$scratch" -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -E '^x\.|tmp' | head -3)"

# A finished learner whose folder lost its description gets it again from the same command.
rm "$model/model.json"
"${launcher[@]}" -np 3 "$program" --configs configs --data "$data" --work "$work" --dataset Small --seeds 1,2 -q \
    --set global.embedding_dims=16 --set extreme.num_epochs=2 --set surrogate.num_epochs=2 --set reranker.num_epochs=2 \
    "${small_settings[@]}" >"$out" 2>"$err" </dev/null
verdict 'the same command completes a folder' "$([ -f "$model/model.json" ] || echo 'no model.json')" "$out" "$err"

# HDF5 fails to close it, and ended the process by a signal at exit.
expect 'inspect: a file whose index of chunks is damaged' 3 'DAMAGED' 'raw' -- inspect Tests/fuzz/corpus/hdf5/unclosable

flip_byte "$model/ckpt_extreme_2_0/shard-0-of-1.h5"
expect 'inspect --verify finds a changed bit' 3 'DAMAGED' 'ckpt_extreme_2_0/shard-0-of-1.h5: checksum' -- inspect --verify "$model"
expect 'and in the ensemble' 3 'v_0_1/ckpt_extreme_2_0/shard-0-of-1.h5' -- inspect --verify "$ensemble"
expect 'extract from a damaged checkpoint' 3 'shard-0-of-1.h5' -- extract "$model" --what classifier-weights --to "$scratch/x.npy"
printf x >>"$model/ckpt_surrogate_2_0/shard-0-of-1.h5"
expect 'inspect finds a longer file without --verify' 3 'ckpt_surrogate_2_0/shard-0-of-1.h5' -- inspect "$model"
flip_byte "$model/model.json"
expect 'extract from a damaged description' 3 'model.json' -- extract "$model" --what classifier-weights --to "$scratch/x.npy"
finish
