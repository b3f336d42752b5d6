#!/usr/bin/env bash
# `predict` gives for raw text and for features what `train` scored for the same documents, byte for byte, on any number of
# ranks, whether these share the documents or the labels; and says what is wrong with what it is given. `compress` makes models that
# predict like any other.
. "$(dirname "$0")/lib.sh"
data=$scratch/data work=$scratch/work err=$scratch/err out=$scratch/out

# Documents of topics: a topic has words and labels of its own. Line ends and tabs are the file's, words have capitals.
texts() {
    awk -v n="$1" -v state="$2" '
        function draw(below) { state = (state * 16807) % 2147483647; return state % below }
        BEGIN {
            for (i = 0; i < n; i++) {
                topic = draw(12); line = "topic " topic "|kind " (topic * 3 + draw(3)) "\t"
                for (k = 0; k < 9; k++) line = line (k ? " " : "") (draw(4) ? "Word" (topic * 7 + draw(12)) : "other" draw(60))
                print line
            }
        }' </dev/null
}
texts 300 20251 >"$scratch/train.tsv"
{ texts 40 77; printf '\t\n'; printf 'topic 1\tnothing known here: zzz qqq\n'; } >"$scratch/test.tsv"
"$program" prepare --train "$scratch/train.tsv" --test "$scratch/test.tsv" --name Text --data "$data" --embeddings none --quiet \
    >"$out" 2>"$err" </dev/null
verdict 'a data set of text' "$([ -s "$data/Text/tokenizer.json" ] || echo none)" "$out" "$err"

# The same texts as word pieces of an encoder, whose weights nothing here reads.
mkdir "$scratch/encoder"
cp Tests/oracles/wordpiece/tokenizer.json "$scratch/encoder"
printf '{"model_type": "bert", "vocab_size": 1600, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": 8, "max_position_embeddings": 32, "type_vocab_size": 2}' >"$scratch/encoder/config.json"
"$program" prepare --train "$scratch/train.tsv" --test "$scratch/test.tsv" --name Pieces --data "$data" --embeddings none --quiet \
    --pretrained "$scratch/encoder" --max-tokens 20 >"$out" 2>"$err" </dev/null
verdict 'a data set of word pieces' "$([ -s "$data/Pieces/wordpiece.json" ] || echo none)" "$out" "$err"

quick=(
    --set global.embedding_dims=24 --set surrogate.init=random --set reranker.init=random --set global.surrogate_threshold=8
    --set surrogate.num_epochs=2 --set extreme.num_epochs=2 --set reranker.num_epochs=2 --set extreme.num_nbrs=30
)
dataset=Text
# learner FRAMEWORK ARCH OPTION...: trains on three ranks; scores of all forms.
learner() {
    local framework=$1 arch=$2
    shift 2
    timeout 300 "${launcher[@]}" -np 3 "$program" --configs configs --data "$data" --work "$work" --dataset $dataset --threads 1 -q \
        --framework "$framework" --arch "$arch" --predictions npz,text,jsonl "${quick[@]}" "$@" >"$out" 2>"$err" </dev/null
    verdict "training of $framework with $arch" "$([ $? -eq 0 ] || echo 'it failed')" "$out" "$err"
}
quick_networks=("${quick[@]}") quick=()
learner SparseSlice Linear --seeds 1
learner DiSMEC Linear --seeds 1
quick=("${quick_networks[@]}")
learner DeepXML Astec --seeds 1,2
learner DeepXML-OVA Astec --seeds 1 --set extreme.init=random
learner DeepXML-ANNS Astec --seeds 1 --set extreme.init=random
sequential=(--set extreme.init=random --set global.feature_type=sequential --set global.trn_feat_fname=trn_X_seq.npz
    --set global.tst_feat_fname=tst_X_seq.npz)
learner DeepXML-ANNS GRU --seeds 1 "${sequential[@]}"
dataset=Pieces
learner DeepXML-ANNS GRU --seeds 1 "${sequential[@]}"
dataset=Text

# predict RANKS MODEL OPTION...: 0 ranks: without mpirun.
predict() {
    local start=("${launcher[@]}" -np "$1") model=$2
    [ "$1" -eq 0 ] && start=()
    shift 2
    timeout 300 "${start[@]}" "$program" predict "$work/models/$model" --threads 1 "$@" 2>"$err"
}

# same NAME MODEL FEATURES: all ways to the same predictions.
same() {
    local name=$1 model=$2 features=$data/$dataset/$3 results=$work/results/$2 ranks why
    for ranks in 0 2 4; do
        why=""
        predict $ranks "$model" --features "$features" --to "$out.txt" -q </dev/null >"$out" || why="exit code not 0; "
        cmp -s "$out.txt" "$results/score.txt" || why+="other scores of features; "
        predict $ranks "$model" --text "$data/$dataset/tst_raw.tsv" --to "$out.jsonl" --chunk 11 -q </dev/null >"$out" || why+="exit code not 0; "
        cmp -s "$out.jsonl" "$results/score.jsonl" || why+="other scores of text; "
        verdict "$name: what train wrote, $ranks ranks" "$why" "$out" "$err"
    done
    for ranks in 2 3; do
        why=""
        predict $ranks "$model" --shard-labels --text "$data/Text/tst_raw.tsv" --to "$out.jsonl" --chunk 11 -q </dev/null >"$out" ||
            why="exit code not 0; "
        cmp -s "$out.jsonl" "$results/score.jsonl" || why+="other scores"
        verdict "$name: $ranks ranks with labels of their own" "$why" "$out" "$err"
    done
    predict 0 "$model" --text "$data/Text/tst_raw.tsv" --to "$out.npz" --chunk 1 -q </dev/null >"$out"
    cmp -s "$out.npz" "$results/score.npz"
    verdict "$name: one document at a time" "$([ $? -eq 0 ] || echo 'other scores')" "$out" "$err"
}
same DeepXML DeepXML/Astec/Text/v_0_1 tst_X_Xf.txt
same 'an ensemble' DeepXML/Astec/Text/v_0 tst_X_Xf.txt
same DeepXML-OVA DeepXML-OVA/Astec/Text/v_0_1 tst_X_Xf.txt
same DeepXML-ANNS DeepXML-ANNS/Astec/Text/v_0_1 tst_X_Xf.txt
same SparseSlice SparseSlice/Linear/Text/v_0_1 tst_X_Xf.txt
same DiSMEC DiSMEC/Linear/Text/v_0_1 tst_X_Xf.txt
same GRU DeepXML-ANNS/GRU/Text/v_0_1 tst_X_seq.npz
dataset=Pieces
same 'GRU of word pieces' DeepXML-ANNS/GRU/Pieces/v_0_1 tst_X_seq.npz
dataset=Text

model=DeepXML-OVA/Astec/Text/v_0_1 wanted=$work/results/DeepXML-OVA/Astec/Text/v_0_1/score.jsonl
cut -f 2- "$data/Text/tst_raw.tsv" >"$scratch/plain.txt"
awk '{ print "{\"text\": \"" $0 "\", \"labels\": []}" }' "$scratch/plain.txt" >"$scratch/lines.jsonl"
for ranks in 0 3; do
    for form in plain.txt lines.jsonl; do
        predict $ranks "$model" --text - <"$scratch/$form" >"$out"
        verdict "standard input, $form, $ranks ranks" "$(cmp "$out" "$wanted" 2>&1)" "$err"
    done
done
printf '\nword1 word2\r\n\nzzz' | predict 0 "$model" --text - --format text --top-k 3 >"$out"
verdict 'empty lines and unknown words are documents too' "$([ "$(wc -l <"$out")" -eq 4 ] && grep -q '^3 of them have no feature' "$err" || echo no)" "$out" "$err"
printf '' | predict 0 "$model" --text - --to "$out.empty.txt" >"$out"
verdict 'no document at all' "$([ $? -eq 0 ] && [ ! -s "$out.empty.txt" ] || echo no)" "$out" "$err"
# A line is answered before the next is written.
mkfifo "$scratch/pipe"
predict 0 "$model" --text - --top-k 1 <"$scratch/pipe" >"$out" &
reader=$!
exec 7>"$scratch/pipe"
printf 'word1 word2\n' >&7
for _ in $(seq 100); do [ -s "$out" ] && break; sleep 0.1; done
verdict 'a line is answered at once' "$([ "$(grep -c '"name":' "$out")" -eq 1 ] || echo 'no answer in 10 s')" "$out" "$err"
exec 7>&-
wait $reader
# Others may have set the pipe not to block.
(sleep 0.3; printf 'word1 word2\n') | perl -MFcntl -e 'fcntl(STDIN, F_SETFL, O_NONBLOCK); exec @ARGV' \
    "$program" predict "$work/models/$model" --text - --top-k 1 >"$out" 2>"$err"
verdict 'a pipe that does not block is waited for' "$([ "$(grep -c '"name":' "$out")" -eq 1 ] || echo no)" "$out" "$err"
printf '\xef\xbb\xbf' >"$scratch/mark.txt"
predict 0 "$model" --text "$scratch/mark.txt" --to "$out.mark.txt" >"$out"
verdict 'a byte order mark alone is no document' "$([ "$(head -c 2 "$out.mark.txt")" != '1 ' ] || echo 'a document')" "$out" "$err"
# Raw XC JSON, of which the titles alone were learnt.
awk 'NR <= 60 { printf "{\"title\": \"%s t%d\", \"content\": \"other%d words%d\", \"target_ind\": [%d]}\n", "pet", NR % 5, NR % 3, NR % 2, NR % 5 }' \
    "$scratch/plain.txt" >"$scratch/raw.json"
why=""
"$program" prepare --train "$scratch/raw.json" --test "$scratch/raw.json" --text title --name Titles --data "$data" --embeddings none -q 2>"$err" &&
    "$program" train --framework DiSMEC --dataset Titles --data "$data" --work "$work" --seeds 1 --predictions jsonl -q >"$out" 2>"$err" || why="not trained; "
predict 0 DiSMEC/Linear/Titles/v_0_1 --text "$scratch/raw.json" --to "$out.titles.jsonl" -q >"$out" || why+="exit code not 0; "
cmp -s "$out.titles.jsonl" "$work/results/DiSMEC/Linear/Titles/v_0_1/score.jsonl" || why+="other scores"
verdict 'raw XC JSON is read by the fields that were prepared' "$why" "$out" "$err"

# refused NAME CODE PATTERN RANKS ARGUMENT...: one error, that code, and no file.
refused() {
    local name=$1 code=$2 pattern=$3 ranks=$4 why="" status
    shift 4
    predict "$ranks" "$@" --to "$scratch/x.txt" </dev/null >"$out"
    status=$?
    [ $status -eq "$code" ] || why+="exit code $status, not $code; "
    [ "$(grep -ci '^error:' "$err")" -eq 1 ] || why+="$(grep -ci '^error:' "$err") errors; "
    grep -Eq -- "$pattern" "$err" || why+="no \"$pattern\"; "
    [ -e "$scratch/x.txt" ] && why+="a file was left"
    verdict "$name, $ranks ranks" "$why" "$err"
}
printf '1 100000\n99999:1\n' >"$scratch/wide.txt"
printf '{"text": "word1"}\n{"txet": "word2"}\n' >"$scratch/wrong.jsonl"
printf 'word1\nbad \377\n' >"$scratch/latin.txt"
for ranks in 0 3; do
    refused 'no such features' 2 'file not found' $ranks "$model" --features "$scratch/nowhere.txt"
    refused 'no such text' 2 'cannot be read' $ranks "$model" --text "$scratch/nowhere.txt"
    refused 'no model' 2 'no trained model here' $ranks nowhere --text "$scratch/plain.txt"
    refused 'unknown columns' 2 'does not know' $ranks "$model" --features "$scratch/wide.txt"
    refused 'a line of another form' 2 'wrong.jsonl:2' $ranks "$model" --text "$scratch/wrong.jsonl"
    refused 'no UTF-8' 2 'latin.txt:2' $ranks "$model" --text "$scratch/latin.txt"
done
for arguments in '' '--features a --text b' '--text a --top-k 0' '--text a --beta 2'; do
    # shellcheck disable=SC2086
    refused "wrong use: $arguments" 2 'error:' 0 "$model" $arguments
done
for arguments in '--precision int8' '--prune 0.2' '--prune 0.2 --precision bfloat16'; do
    why=""
    # shellcheck disable=SC2086
    "$program" compress "$work/models/SparseSlice/Linear/Text/v_0_1" --to "$work/models/small" --data "$data" $arguments \
        >"$out" 2>"$err" </dev/null || why="exit code not 0; "
    grep -q '^PSP@5 ' "$out" || why+="no figures; "
    for ranks in 0 2; do
        predict $ranks small --text "$scratch/plain.txt" --to "$out.$ranks.txt" -q </dev/null || why+="no prediction on $ranks ranks; "
    done
    cmp -s "$out.0.txt" "$out.2.txt" || why+="other scores on two ranks"
    verdict "compress $arguments" "$why" "$out" "$err"
    rm -r "$work/models/small"
done
# The file that ranks map is checked; without it, the checkpoints are.
flip_byte "$work/models/$model/serving.dxa"
refused 'a damaged file of a model' 3 'serving.dxa' 0 "$model" --text "$scratch/plain.txt"
refused 'a damaged file of a model' 3 'serving.dxa' 3 "$model" --text "$scratch/plain.txt"
rm "$work/models/$model/serving.dxa"
flip_byte "$work/models/$model/ckpt_extreme_2_0/shard-0-of-2.h5"
refused 'a damaged model' 3 'shard-0-of-2.h5' 0 "$model" --text "$scratch/plain.txt"
refused 'a damaged model' 3 'shard-0-of-2.h5' 3 "$model" --text "$scratch/plain.txt"
# use_reranker without a section for it: trained without one, and predicted so.
timeout 300 "$program" --configs configs --data "$data" --work "$work" --dataset Text --framework DeepXML-OVA --arch Astec --version plain --threads 1 -q \
    --seeds 1 --predictions text --set global.use_reranker=true --set global.embedding_dims=24 --set extreme.init=random \
    --set extreme.num_epochs=2 >"$out" 2>"$err" </dev/null
plain=DeepXML-OVA/Astec/Text/v_plain_1 why=""
predict 0 "$plain" --features "$data/Text/tst_X_Xf.txt" --to "$out.txt" -q </dev/null >"$out" || why="exit code not 0; "
cmp -s "$out.txt" "$work/results/$plain/score.txt" || why+="other scores; "
verdict "a learner that was asked for a re-ranker and has none" "$why" "$out" "$err"
finish
