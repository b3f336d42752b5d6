#!/usr/bin/env bash
# A learner whose transformer starts from pretrained weights, as a job: ranks that are killed or stopped within an epoch, other numbers
# of ranks, weights that are broken, changed or gone, texts that are too long, and an ensemble with a learner of other features.
. "$(dirname "$0")/lib.sh"
data=$scratch/data err=$scratch/err out=$scratch/out weights=$scratch/encoder

# weights FOLDER FACTOR [NAN]: a BERT of random weights, each FACTOR times a sine, whose pieces are those of Tests/oracles/wordpiece.
make_weights() {
    mkdir -p "$1"
    cp Tests/oracles/wordpiece/tokenizer.json "$1"
    printf '{"model_type": "bert", "vocab_size": 1600, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 24, "max_position_embeddings": 32, "type_vocab_size": 2, "hidden_act": "gelu"}' >"$1/config.json"
    python3 - "$@" <<'PY'
import json, math, struct, sys
H, I, arrays = 16, 24, []
for name, rows in (("word_embeddings", 1600), ("position_embeddings", 32), ("token_type_embeddings", 2)):
    arrays.append((f"embeddings.{name}.weight", [rows, H]))
norms = ["embeddings.LayerNorm"]
for layer in range(2):
    at = f"encoder.layer.{layer}"
    for part, rows, cols in [(f"attention.self.{x}", H, H) for x in ("query", "key", "value")] + [
            ("attention.output.dense", H, H), ("intermediate.dense", I, H), ("output.dense", H, I)]:
        arrays += [(f"{at}.{part}.weight", [rows, cols]), (f"{at}.{part}.bias", [rows])]
    norms += [f"{at}.attention.output.LayerNorm", f"{at}.output.LayerNorm"]
arrays += [(f"{norm}.{part}", [H]) for norm in norms for part in ("weight", "bias")]
header, body, number = {}, bytearray(), 0
for name, shape in arrays:
    count = math.prod(shape)
    values = [float(sys.argv[2]) * math.sin(1.7 * (number + i)) for i in range(count)]
    if len(sys.argv) > 3 and not number: values[7] = math.nan
    number += count
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + 4 * count]}
    body += struct.pack(f"<{count}f", *values)
text = json.dumps(header).encode()
open(f"{sys.argv[1]}/model.safetensors", "wb").write(len(text).to_bytes(8, "little") + text + body)
PY
}

# Documents of topics, a few of them longer than 20 pieces.
texts() {
    awk -v n="$1" -v state="$2" '
        function draw(below) { state = (state * 16807) % 2147483647; return state % below }
        BEGIN {
            for (i = 0; i < n; i++) {
                topic = draw(12); line = "topic " topic "|kind " (topic * 3 + draw(3)) "\t"; words = i % 20 ? 5 : 30
                for (k = 0; k < words; k++) line = line (k ? " " : "") substr("the of and water light house tree stone river wind fire", 1 + draw(40), 6)
                print line
            }
        }' </dev/null
}
texts 400 20251 >"$scratch/train.tsv"
texts 40 77 >"$scratch/test.tsv"
make_weights "$weights" 0.3
"$program" prepare --train "$scratch/train.tsv" --test "$scratch/test.tsv" --name Pieces --data "$data" --embeddings none \
    --pretrained "$weights" --max-tokens 20 >"$out" 2>"$err" </dev/null
verdict 'prepare says how many texts were cut' \
    "$(grep -Eq 'cut at 20: [1-9][0-9]* training and [1-9][0-9]* test documents' "$out" "$err" || echo "not said")" "$out" "$err"

cat >"$scratch/Small.json" <<'J'
{"transform_coarse": {"order": ["transformer", "pooling", "dropout"],
  "transformer": {"num_layers": 2, "num_heads": 2, "intermediate_size": 24, "positions": 16}, "pooling": {"kind": "mean"}, "dropout": {"p": 0.2}},
 "transform_fine": {"order": ["identity"], "identity": {}}}
J
options=(
    --configs configs --data "$data" --dataset Pieces --framework DeepXML-OVA --arch "$scratch/Small.json" --seeds 1 --threads 1
    --set global.embedding_dims=16 --set global.feature_type=sequential --set global.trn_feat_fname=trn_X_seq.npz
    --set global.tst_feat_fname=tst_X_seq.npz --set extreme.init=pretrained --set "extreme.pretrained=$weights" --set extreme.optim=AdamW
    --set extreme.weight_decay=0.01 --set extreme.lr_schedule=linear --set extreme.epsilon=1e-10 --set extreme.batch_size=10
    --set extreme.num_epochs=12 --checkpoint-minutes 0.0001 --predictions "npz,jsonl"
)
# begin RANKS WORK [OPTION...]: starts the job; its launcher is $job.
begin() {
    local ranks=$1 folder=$2
    shift 2
    : >"$err"
    "${launcher[@]}" --mca odls_base_sigkill_timeout 1 -np "$ranks" "$program" --work "$folder" "${options[@]}" "$@" >"$out" 2>"$err" </dev/null &
    job=$!
}
run() {
    begin "$@"
    wait "$job" 2>/dev/null
    code=$?
}
until_logged() { while ! grep -q "$1" "$err" && kill -0 "$job" 2>/dev/null; do sleep 0.01; done; }
rank() {
    local pid
    for pid in $(cat "/proc/$job/task/"*/children 2>/dev/null); do
        tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$1" && echo "$pid" && return
    done
}
results=results/DeepXML-OVA/Small/Pieces/v_0_1 model=models/DeepXML-OVA/Small/Pieces/v_0_1

run 2 "$scratch/reference"
verdict 'training says how many documents were cut' \
    "$([ "$code" -eq 0 ] || echo "exit code $code; ")$(grep -Eq '[0-9]+ training documents .* have more than 16 tokens' "$err" || echo "not said")" "$err"

# strike NAME RANKS OTHERS COMMAND: a job is struck within an epoch, and ends on another number of ranks.
strike() {
    local name=$1 ranks=$2 others=$3 why="" folder=$scratch/struck
    shift 3
    rm -rf "$folder"
    begin "$ranks" "$folder"
    until_logged 'extreme 2/'
    "$@"
    wait "$job" 2>/dev/null
    [ $? -ne 0 ] || why+="it went on; "
    mv "$weights" "$weights.away"
    run "$others" "$folder"
    mv "$weights.away" "$weights"
    [ "$code" -eq 0 ] || why+="then exit code $code; "
    grep -q 'goes on from checkpoint extreme' "$err" || why+="then it began anew; "
    cmp -s "$folder/$results/score.npz" "$scratch/reference/$results/score.npz" || why+="other scores; "
    verdict "$name on $ranks ranks, then $others, the weights gone" "$why" "$err"
}
kill_worker() { kill -KILL "$(rank 2)"; }
stop_worker() { kill -TERM "$(rank 1)"; }
strike 'a worker killed' 4 2 kill_worker
strike 'a worker stopped' 2 4 stop_worker

# refused NAME PATTERN: the job is, before it begins.
refused() {
    local why=""
    run 2 "${3:-$scratch/refused}"
    [ "$code" -eq 2 ] || why+="exit code $code; "
    [ "$(grep -c '^error:' "$err")" -eq 1 ] || why+="$(grep -c '^error:' "$err") errors; "
    grep -Eq -- "$2" "$err" || why+="no \"$2\"; "
    [ ! -e "$scratch/refused/models" ] || why+="it began"
    verdict "$1" "$why" "$err"
}
cp -r "$weights" "$scratch/good"
truncate -s -100 "$weights/model.safetensors"
refused 'weights cut off' 'model.safetensors.*the file is cut off'
make_weights "$weights" 0.3 nan
refused 'weights that are no numbers' 'word_embeddings.weight'
sed -i 's/"hidden_size": 16/"hidden_size": 32/' "$weights/config.json"
refused 'weights of another shape' 'of another shape than config.json says'
make_weights "$weights" 0.31
rm -rf "$scratch/changed"
begin 2 "$scratch/changed" --set "extreme.pretrained=$scratch/good"
until_logged 'extreme 2/'
kill -USR1 "$job"
wait "$job" 2>/dev/null
refused 'weights that were changed since' 'differs in pretrained weights' "$scratch/changed"
rm "$weights/model.safetensors"
refused 'no weights' 'no weights that this program reads'
rm "$weights/tokenizer.json"
"$program" prepare --train "$scratch/train.tsv" --test "$scratch/test.tsv" --name None --data "$data" --embeddings none \
    --pretrained "$weights" >"$out" 2>"$err" </dev/null
code=$?
verdict 'no vocabulary' "$([ $code -eq 2 ] || echo "exit code $code; ")$(grep -q 'no tokenizer' "$err" || echo 'not said')" "$err"

# predict FOLDER OPTION...
predict() {
    local folder=$1
    shift
    "$program" predict "$folder" --threads 1 "$@" >"$out" 2>"$err" </dev/null
}
why=""
predict "$scratch/reference/$model" --text "$data/Pieces/tst_raw.tsv" --to "$out.jsonl" || why="exit code not 0; "
cmp -s "$out.jsonl" "$scratch/reference/$results/score.jsonl" || why+="other scores; "
cut=$(sed -nE 's/^([0-9]+) of them .* longer than the model reads.*/\1/p' "$err")
[ "${cut:-0}" -ge 2 ] || why+="${cut:-no} texts said to be cut"
verdict 'predict says how many texts were cut' "$why" "$err"
why=""
"${launcher[@]}" -np 3 "$program" predict "$scratch/reference/$model" --shard-labels --text "$data/Pieces/tst_raw.tsv" --to "$out.2.jsonl" \
    --chunk 7 >"$out" 2>"$err" </dev/null || why+="exit code not 0; "
cmp -s "$out.2.jsonl" "$out.jsonl" || why+="other scores; "
grep -q "^$cut of them" "$err" || why+="another number"
verdict 'the same on three ranks' "$why" "$err"

# A learner of bags of words beside it: each reads its own features of the same texts.
"${launcher[@]}" -np 2 "$program" --configs configs --data "$data" --work "$scratch/reference" --dataset Pieces --framework DeepXML-OVA --arch Astec \
    --seeds 1 --threads 1 -q --set global.embedding_dims=24 --set extreme.init=random --set extreme.num_epochs=2 --predictions npz >"$out" 2>"$err" </dev/null
mkdir -p "$scratch/both"
bag=$scratch/reference/models/DeepXML-OVA/Astec/Pieces/v_0_1
printf '{"schema": 1, "learners": ["%s", "%s"]}\n' "$scratch/reference/$model" "$bag" >"$scratch/both/ensemble.json"
why=""
predict "$scratch/both" --text "$data/Pieces/tst_raw.tsv" --to "$out.both.npz" || why="exit code not 0; "
"$program" merge "$scratch/reference/$results/score.npz" "$scratch/reference/${results/Small/Astec}/score.npz" --normalise none --output "$scratch/merged" \
    --predictions npz >"$out" 2>>"$err" </dev/null || why+="merge failed; "
cmp -s "$out.both.npz" "$(find "$scratch/merged" -name '*.npz' | head -n 1)" || why+="not the learners' sum; "
"${launcher[@]}" -np 3 "$program" predict "$scratch/both" --shard-labels --text "$data/Pieces/tst_raw.tsv" --to "$out.3.npz" -q --chunk 9 >"$out" 2>>"$err" </dev/null
cmp -s "$out.3.npz" "$out.both.npz" || why+="other scores on three ranks"
verdict 'an ensemble of learners with features of their own' "$why" "$err"
predict "$scratch/both" --features "$data/Pieces/tst_X_Xf.txt" --to "$out.npz"
code=$?
verdict 'such an ensemble of features alone is refused' \
    "$([ $code -eq 2 ] || echo "exit code $code; ")$(grep -q 'read different features' "$err" || echo 'not said')" "$err"
finish
