#!/usr/bin/env bash
# Every framework that trains on a device, and every encoder, for ten steps on OpenCL's first device (PoCL's processor where there is no
# other) with one, two and three workers, and two whole learners of WordNet: the CPU's bits.
. "$(dirname "$0")/lib.sh"
out=$scratch/out err=$scratch/err data=$scratch/data/Small
export DEEPXML_OPENCL_CPU=1
if ! "$program" doctor --work "$scratch" 2>/dev/null | grep -q 'GPU 0'; then
    pass 'skipped: no OpenCL device (Debian: pocl-opencl-icd)'
    finish
fi
small_dataset "$data" 80 20 60 210
sequences "$data"
words=(--set global.feature_type=sequential --set global.trn_feat_fname=trn_X_seq.txt --set global.tst_feat_fname=tst_X_seq.txt)
options=(
    --configs configs --data "$scratch/data" --dataset Small --seeds 1 --threads 1 --checkpoint-every 0 --set extreme.init=random
    --set extreme.num_epochs=1 --set extreme.batch_size=8 --set global.embedding_dims=24
)
# arch NAME COARSE FINE: an architecture of a few columns.
arch() { echo "{\"transform_coarse\": {$2}, \"transform_fine\": {$3}}" >"$scratch/$1.json"; }
same='"order": ["identity"], "identity": {}'
token='"astecpp": {"dropout": 0.2}'
for cell in RNN GRU LSTM; do
    arch "$cell" "\"order\": [\"astecpp\", \"rnn\"], $token,
        \"rnn\": {\"cell_type\": \"$cell\", \"hidden_size\": 9, \"num_layers\": 2, \"bidirectional\": true, \"dropout\": 0.2}" "$same"
done
arch residual "\"order\": [\"astecpp\", \"rnn\", \"pooling\"], $token, \"pooling\": {\"kind\": \"attention\", \"num_heads\": 2},
    \"rnn\": {\"cell_type\": \"GRU\", \"bidirectional\": true, \"output\": \"residual\"}" "$same"
arch context "\"order\": [\"astecpp\", \"rnn\", \"pooling\", \"linear\", \"dropout\"], $token, \"pooling\": {\"kind\": \"max\"},
    \"rnn\": {\"cell_type\": \"GRU\", \"hidden_size\": 7, \"output\": \"context\"}, \"linear\": {\"output_size\": 24}, \"dropout\": {\"p\": 0.3}" "$same"
arch xmlcnn "\"order\": [\"astecpp\", \"xmlcnn\"], $token,
    \"xmlcnn\": {\"filter_sizes\": [1, 2, 3], \"num_filters\": 6, \"pooling_units\": 2, \"hidden_size\": 20, \"dropout\": 0.2}" "$same"
arch inception "\"order\": [\"astecpp\", \"turn\", \"linear\", \"relu\", \"batchnorm1d\", \"inception\", \"conv1d\", \"flatten\"], $token,
    \"turn\": {\"tokens\": 8}, \"linear\": {\"output_size\": 5}, \"relu\": {}, \"batchnorm1d\": {},
    \"inception\": {\"filter_sizes\": [2, 4], \"num_filters\": 4, \"stride\": 2}, \"conv1d\": {\"kernel_size\": 3, \"num_filters\": 4, \"stride\": 2},
    \"flatten\": {}" '"order": ["residual"], "residual": {"dropout": 0.2}'
arch transformer "\"order\": [\"transformer\", \"pooling\", \"dropout\"], \"dropout\": {\"p\": 0.2}, \"pooling\": {\"kind\": \"mean\"},
    \"transformer\": {\"num_layers\": 2, \"num_heads\": 3, \"intermediate_size\": 40, \"positions\": 32, \"dropout\": 0.1, \"attention_dropout\": 0.1}" "$same"
arch mlp "\"order\": [\"astec\"], \"astec\": {\"dropout\": 0.2}" '"order": ["mlp", "batchnorm1d"], "mlp": {"hidden_size": [20, 24], "nnl": "tanh"}, "batchnorm1d": {}'

# train WORK RANKS [OPTION...]
train() {
    local work=$1 ranks=$2
    shift 2
    timeout 120 "${launcher[@]}" -np "$ranks" "$program" --work "$work" "${options[@]}" "$@" >"$out" 2>"$err" </dev/null || echo "exit code $?; "
}

# check NAME OPTION...: a group of n workers has a rank for each, and where there are several one more that coordinates.
check() {
    wanted "$1: 1, 2 and 3 workers, the CPU's bits" || return
    local work=$scratch/${1// /-} why workers
    shift
    why=$(train "$work-cpu" 1 --device cpu "$@")
    for workers in 1 2 3; do
        why+=$(train "$work-$workers" $((workers > 1 ? workers + 1 : 1)) --device gpu "$@")
        (cd "$work-$workers/results" && find . -name score.npz) | sort >"$scratch/files"
        [ "$(grep -c . "$scratch/files")" -eq 2 ] || why+="no scores of $workers; "
        while read -r file; do
            cmp -s "$work-$workers/results/$file" "$work-cpu/results/$file" || why+="$file of $workers differs; "
        done <"$scratch/files"
    done
    verdict "$check" "$why" "$err"
    rm -rf "$work"-*
}

check 'one-vs-all' --framework DeepXML-OVA
check 'DeepXML' --framework DeepXML --set surrogate.init=random --set reranker.init=random --set global.surrogate_threshold=16 \
    --set surrogate.num_epochs=1 --set surrogate.batch_size=8 --set reranker.num_epochs=1 --set reranker.batch_size=8 --set extreme.num_nbrs=20
check 'ANNS' --framework DeepXML-ANNS --set extreme.num_nbrs=20
for encoder in RNN GRU LSTM residual context xmlcnn inception transformer; do
    check "$encoder" --framework DeepXML-OVA --arch "$scratch/$encoder.json" "${words[@]}"
done
check 'mlp' --framework DeepXML-OVA --arch "$scratch/mlp.json"

# Whole learners of the demo's WordNet: 13,125 documents, 4,041 labels.
"$program" prepare --demo --embeddings none --no-sequences --data "$scratch/data" --quiet >"$out" 2>"$err" ||
    verdict 'the demo data is prepared' "exit code $?" "$err"
options=(--configs configs --data "$scratch/data" --dataset WordNetDemo --seeds 1 --checkpoint-every 0 --set extreme.init=random)
check_demo() {
    wanted "WordNet, $1: a whole learner with the CPU's bits" || return
    local why name=$1
    shift
    why=$(train "$scratch/demo-cpu" 1 --device cpu "$@")$(train "$scratch/demo-gpu" 3 --device gpu "$@")
    (cd "$scratch/demo-gpu/results" && find . -name score.npz) >"$scratch/files"
    [ "$(grep -c . "$scratch/files")" -eq 2 ] || why+='no scores; '
    while read -r file; do
        cmp -s "$scratch/demo-gpu/results/$file" "$scratch/demo-cpu/results/$file" || why+="$file differs; "
    done <"$scratch/files"
    verdict "$check" "$why" "$err"
    rm -rf "$scratch"/demo-*
}
check_demo 'one-vs-all' --framework DeepXML-OVA --set extreme.num_epochs=2
check_demo 'DeepXML' --framework DeepXML --set surrogate.init=random --set reranker.init=random --set surrogate.num_epochs=1 \
    --set extreme.num_epochs=1 --set reranker.num_epochs=1
finish
