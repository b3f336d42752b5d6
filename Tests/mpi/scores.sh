#!/bin/bash
# Predictions out and in, `evaluate`, and token embeddings, against numpy, scipy, h5py and fastText themselves.
. "$(dirname "$0")/lib.sh"
venv=${DEEPXML_VENV:-/tmp/deepxml-venv}
if ! "$venv/bin/python" -c 'import numpy, scipy, h5py' 2>/dev/null; then
    python3 -m venv "$venv" && "$venv/bin/pip" install --quiet numpy scipy h5py || {
        fail "a venv of numpy, scipy and h5py in $venv" "cannot be made"
        finish
    }
fi
oracle() { PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" Tests/oracles/scores.py "$@"; }
data=$scratch/data work=$scratch/work err=$scratch/err out=$scratch/out

# Words of three topics, so that vectors can be trained on them; the data set has 50 tokens, some of which the text lacks.
small_dataset "$data/Small" 60 20 50 30
awk 'BEGIN { for (i = 0; i < 50; i++) print (i % 9 == 4 ? "unseen" : "word") (i < 9 ? "é" : "") i }' >"$data/Small/vocabulary.txt"
awk 'BEGIN { for (i = 0; i < 30; i++) print "label \"" i "\" \\ ü" }' >"$data/Small/labels.txt"
for _ in 1 2 3 4 5 6; do grep word "$data/Small/vocabulary.txt" | tr '\n' ' ' && echo; done >"$scratch/text"
quick=(
    --framework DeepXML --set global.embedding_dims=16 --set surrogate.init=random --set reranker.init=random --set global.surrogate_threshold=4
    --set surrogate.num_epochs=1 --set extreme.num_epochs=1 --set reranker.num_epochs=1 --set extreme.num_nbrs=8
)
results=$work/results/DeepXML/Astec/Small

# job RANKS OPTION...: trains; 0 ranks: without mpirun.
job() {
    local ranks=$1 start=("${launcher[@]}" -np "$1")
    shift
    [ "$ranks" -eq 0 ] && start=()
    timeout -k 1 300 "${start[@]}" "$program" --configs configs --data "$data" --work "$work" --dataset Small "${quick[@]}" "$@" \
        >"$out" 2>"$err" </dev/null
}

# measured NAME FIGURES_ARGUMENTS -- EVALUATE_ARGUMENTS: `evaluate --json` gives numpy's figures.
measured() {
    local name=$1 expected=()
    shift
    while [ "$1" != -- ]; do expected+=("$1") && shift; done
    shift
    if "$program" evaluate "$@" --json >"$scratch/found.json" 2>"$err" </dev/null; then
        verdict "$name" "$(oracle figures "${expected[@]:0:3}" "$scratch/found.json" "${expected[@]:3}" 2>&1 | tail -n 3)"
    else
        fail "$name" "evaluate failed" "$err"
    fi
}

# refused NAME PATTERN -- COMMAND...: exit code 2 and one error that says PATTERN.
refused() {
    local name=$1 pattern=$2 code=0
    shift 3
    "$@" >"$out" 2>"$err" </dev/null || code=$?
    verdict "refused: $name" "$([ "$code" -eq 2 ] && [ "$(grep -c 'error:' "$err")" -eq 1 ] && grep -Eq -- "$pattern" "$err" \
        || echo "exit code $code, or no \"$pattern\"")" "$err"
}

# What a run writes
if job 3 --seeds 1,2 --predictions npz,h5,text,jsonl; then pass "a run with all forms of predictions"; else fail "a run" "failed" "$err"; fi
for folder in "$results/v_0" "$results/v_0_1"; do
    verdict "${folder##*/}: npz, h5, text and JSON lines are one matrix" \
        "$(oracle same "$folder" "$data/Small/labels.txt" 2>&1 | tail -n 3)"
done
job 0 --seeds 1 --version few --predictions jsonl
verdict "--predictions jsonl writes JSON lines only" "$(cd "$results/v_few" && printf '%s\n' score.* | grep -vx score.jsonl)" "$err"
job 3 --seeds 1 --version few --predictions npz,h5,text,jsonl
verdict "a learner that is trained gets the forms that it lacks" "$(oracle same "$results/v_few_1" "$data/Small/labels.txt" 2>&1 | tail -n 3)"
job 0 --seeds 1 --version none --predictions none
verdict "--predictions none writes none" "$(cd "$results/v_none" && printf '%s\n' * | grep score)" "$err"
refused "an unknown form" 'did you mean jsonl\?' -- "$program" --configs configs --data "$data" --work "$work" --dataset Small --predictions json

# evaluate = metrics.json = numpy
labels=(--labels "$data/Small/tst_X_Y.txt" --train-labels "$data/Small/trn_X_Y.txt")
texts=("$data/Small/tst_X_Y.txt" "$data/Small/trn_X_Y.txt")
# same_as_run PATH_IN_FOUND LEARNER: what evaluate printed into found.json is what metrics.json has.
same_as_run() {
    "$venv/bin/python" -c '
import json, sys
key, learner, found, run = sys.argv[1], int(sys.argv[2]), json.load(open(sys.argv[3])), json.load(open(sys.argv[4]))
if found[key] != run["learners"][learner][key] or not found[key]: print("differs from metrics.json")
' "$1" "$2" "$scratch/found.json" "$results/v_0/metrics.json" 2>&1 | tail -n 1
}
for form in npz h5 txt jsonl; do
    measured "evaluate score.$form of a learner is numpy's" "$results/v_0_1/score.npz" "${texts[@]}" -- \
        --predictions "$results/v_0_1/score.$form" "${labels[@]}"
    verdict "evaluate score.$form of a learner is metrics.json's" "$(same_as_run metrics 0)"
done
measured "evaluate score.npz of the ensemble" "$results/v_0/score.npz" "${texts[@]}" -- --predictions "$results/v_0/score.npz" "${labels[@]}"
"$program" evaluate --predictions "$results/v_0_2/predictions.h5" "${labels[@]}" --beta 0.1,0.2,0.3,0.4,0.5,0.6,0.75,0.9 --json \
    >"$scratch/found.json"
for key in by_beta by_beta_before_reranker stages; do
    verdict "evaluate predictions.h5: $key is metrics.json's" "$(same_as_run "$key" 1)"
done
for name in trn tst; do "$program" convert --from "$data/Small/${name}_X_Y.txt" --to "$scratch/$name.npz" --quiet 2>>"$err" || fail "convert labels" "failed" "$err"; done
measured "evaluate with labels in npz" "$results/v_0/score.npz" "${texts[@]}" -- --predictions "$results/v_0/score.npz" \
    --labels "$scratch/tst.npz" --train-labels "$scratch/trn.npz"

# Predictions of others
mkdir "$scratch/others"
oracle make "$scratch/others"
for file in packed.npz stored.npz turned.npz narrow.h5 wide.h5 bare.txt header.txt shuffled.jsonl; do
    measured "evaluate $file" "$scratch/others/packed.npz" "$scratch/others/tst.txt" "$scratch/others/trn.txt" 0.6 2.6 "$scratch/others/filter.txt" -- \
        --predictions "$scratch/others/$file" --labels "$scratch/others/tst.txt" --train-labels "$scratch/others/trn.txt" --A .6 --B 2.6 \
        --filter "$scratch/others/filter.txt"
done
refused "predictions of other documents" 'found: *60 documents' -- "$program" evaluate --predictions "$scratch/others/packed.npz" "${labels[@]}"
refused "no such file" 'file not found' -- "$program" evaluate --predictions "$scratch/others/none.npz" "${labels[@]}"
refused "no labels" 'labels' -- "$program" evaluate --predictions "$scratch/others/packed.npz"
head -c 700 "$scratch/others/packed.npz" >"$scratch/others/cut.npz"
refused "predictions that are cut off" 'cut.npz' -- "$program" evaluate --predictions "$scratch/others/cut.npz" "${labels[@]}"

# Token embeddings
if ! command -v fasttext >/dev/null; then
    fail "token embeddings" "fasttext is not installed (launch/install-deps)"
    finish
fi
train=(-input "$scratch/text" -dim 16 -minCount 1 -epoch 30 -lr 0.2 -t 1 -thread 1 -verbose 0)
fasttext skipgram "${train[@]}" -minn 2 -maxn 4 -bucket 500 -output "$scratch/parts" 2>/dev/null
fasttext cbow "${train[@]}" -minn 0 -maxn 0 -output "$scratch/whole" 2>/dev/null
tail -n +2 "$scratch/parts.vec" >"$scratch/glove"
for model in parts whole; do fasttext print-word-vectors "$scratch/$model.bin" <"$data/Small/vocabulary.txt" >"$scratch/$model.printed"; done
cp "$scratch/whole.printed" "$scratch/glove.printed"
# The words that have a row of their own; the others of a text are drawn, as those of a model without sub-words.
awk 'NR == FNR { has[$1] = 1; next } $1 in has' "$scratch/glove" "$scratch/parts.printed" >"$scratch/glove.printed"

# trains_with FILE PRINTED NOTICE: a run with these embeddings says NOTICE, and its cached rows are fastText's.
trains_with() {
    local options=(--set surrogate.init=token_embeddings --set surrogate.embeddings="$1" --version "${1##*/}" --seeds 1)
    rm -f "$work"/results/cache/*.npy*
    if ! job 3 "${options[@]}"; then
        fail "embeddings ${1##*/}" "the run failed" "$err"
        return
    fi
    local array=("$work"/results/cache/*.npy) why
    why=$(oracle rows "${array[0]}" "$data/Small/vocabulary.txt" "$2" 2>&1 | tail -n 1 | grep -vE '^[0-9]+$')
    grep -Eq -- "$3" "$err" "$out" || why+="no \"$3\" "
    verdict "embeddings ${1##*/}: the cached rows are fastText's" "$why" "$err"
    local figures
    figures=$(figures "$results/v_${1##*/}/metrics.json" | grep -v '"version"')
    job 0 "${options[@]}" --fresh --version again
    verdict "embeddings ${1##*/}: one process gives the same, by the cache" \
        "$(diff <(echo "$figures") <(figures "$results/v_again/metrics.json" | grep -v '"version"') | head -n 5)" "$err"
}
# Six of the fifty words are unseen: sub-words make their rows, or they are drawn.
trains_with "$scratch/parts.bin" "$scratch/parts.printed" '44 of 50 tokens by their words, 6 by their sub-words, 0 drawn'
trains_with "$scratch/whole.bin" "$scratch/whole.printed" '44 of 50 tokens by their words, 6 drawn'
trains_with "$scratch/parts.vec" "$scratch/glove.printed" '44 of 50 tokens by their words, 6 drawn'
trains_with "$scratch/glove" "$scratch/glove.printed" 'GloVe.*44 of 50 tokens by their words, 6 drawn'
with=("$program" --configs configs --data "$data" --work "$work" --dataset Small "${quick[@]}" --set surrogate.init=token_embeddings)
refused "embeddings of another width" 'found: *16 dimensions' -- "${with[@]}" --set surrogate.embeddings="$scratch/parts.bin" --set global.embedding_dims=32
head -c 3000 "$scratch/parts.bin" >"$scratch/cut.bin"
refused "a model that is cut off" 'cut.bin.*cut off' -- "${with[@]}" --set surrogate.embeddings="$scratch/cut.bin"
rm "$data/Small/vocabulary.txt"
refused "vectors of words without a vocabulary" 'neither vocabulary.txt nor Xf.txt' -- "${with[@]}" --set surrogate.embeddings="$scratch/parts.vec"
finish
