#!/usr/bin/env bash
# Validation from the command line: the same bits on any number of ranks, after stops and kills; figures are those of predict and evaluate;
# the best epoch is kept; patience ends a module; what --tune chooses is what predict uses; wrong values are refused.
. "$(dirname "$0")/lib.sh"
out=$scratch/out err=$scratch/err data=$scratch/data set=$scratch/data/Small
small_dataset "$set" 765 300 300 200
# Documents of their own for --validation files: some of the training documents again.
for kind in Xf Y; do
    awk -v n=150 'NR == 1 { print n, $2; next } NR > 400 && count < n { count++; print }' "$set/trn_X_$kind.txt" >"$set/val_X_$kind.txt"
done
common=(--configs configs --data "$data" --dataset Small --threads 1 --predictions npz --set global.embedding_dims=64)
ova=(--framework DeepXML-OVA --seeds 1 --set extreme.init=random --set extreme.num_epochs=16 --set extreme.learning_rate=0.2)
files=(--validation files --set global.val_feat_fname=val_X_Xf.txt --set global.val_label_fname=val_X_Y.txt)

# train RANKS WORK [OPTION...]: exit code in $code.
train() {
    local ranks=$1 work=$2
    shift 2
    "${launcher[@]}" -np "$ranks" "$program" train --work "$scratch/$work" "${common[@]}" "$@" >"$out" 2>"$err"
    code=$?
}

# json FILE EXPRESSION: what the Python expression makes of the file's content, `j`.
json() { python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }

# same WHAT FOLDER FOLDER: the ensembles' scores and figures.
same() {
    cmp -s "$2/score.npz" "$3/score.npz" || why+="$1: scores differ; "
    [ "$(figures "$2/metrics.json")" = "$(figures "$3/metrics.json")" ] || why+="$1: figures differ; "
}

best=(--validation 0.2 --keep best --patience 3)
why=""
for ranks in 1 2 3; do
    train "$ranks" "$ranks" "${ova[@]}" "${best[@]}" --checkpoint-every 1
    [ "$code" -eq 0 ] || why+="$ranks ranks: exit code $code, $(tail -n 4 "$err"); "
done
results=results/DeepXML-OVA/AstecPlain/Small/v_0
reference=$scratch/1/$results
for ranks in 2 3; do same "$ranks ranks" "$reference" "$scratch/$ranks/$results"; done
verdict 'validation, best epoch and patience: the same bits on 1, 2 and 3 ranks' "$why" "$err"

# The log of the run on three ranks is the last one.
why=""
mapfile -t logged < <(sed -nE 's/.*seed 1 extreme ([0-9]+)\/16 .*validation P@1 ([0-9.]+),.*/\1 \2/p' "$err")
kept=$(json "$reference/metrics.json" 'max(j["learners"][0]["validation"]["modules"][0]["points"], key=lambda p: (p["value"], -p["epoch"]))["epoch"]')
trained=${logged[-1]%% *}
best_logged=$(printf '%s\n' "${logged[@]}" | sort -k2,2nr -k1,1n | head -n 1)
[ "${best_logged%% *}" = "$kept" ] || why+="the log's best is $best_logged, the report's $kept; "
grep -q "extreme: epoch $kept is kept" "$err" || why+="the log does not say that epoch $kept is kept; "
[ "$trained" -lt 16 ] && [ "$trained" -eq $((kept + 3)) ] || why+="epochs $trained, best $kept, patience 3; "
[ "$(grep -c '"validation":{' "$scratch/3/results/DeepXML-OVA/AstecPlain/Small/v_0_1/events.jsonl")" -eq "$trained" ] || why+="events; "
grep -q 'validation P@1' "$reference/report.html" || why+="no curve in the page; "
verdict "the best epoch by the log is kept ($kept), and patience ends training ($trained of 16)" "$why" "$err"

# Kept, and taken for the scores: predict and evaluate say of the kept model what the best epoch's validation said.
why=""
train 2 files "${ova[@]}" "${files[@]}" --keep best --patience 4
[ "$code" -eq 0 ] || why+="exit code $code; "
"$program" predict "$scratch/files/models/DeepXML-OVA/AstecPlain/Small/v_0_1" --features "$set/val_X_Xf.txt" --to "$scratch/val.npz" >"$out" 2>"$err" ||
    why+="predict: exit code $?; "
"$program" evaluate --predictions "$scratch/val.npz" --labels "$set/val_X_Y.txt" --train-labels "$set/trn_X_Y.txt" --json >"$scratch/val.json" 2>"$err" ||
    why+="evaluate: exit code $?; "
metrics=$scratch/files/$results/metrics.json
for name in P nDCG PSP; do
    for rank in 1 3 5; do
        figure="round(max(j['learners'][0]['validation']['modules'][0]['points'], key=lambda p: (p['value'], -p['epoch']))['metrics']['$name@$rank'], 3)"
        whole="round(j['learners'][0]['validation']['metrics']['$name'][$rank - 1], 3)"
        said=$(json "$metrics" "$figure") again=$(json "$metrics" "$whole")
        found=$(json "$scratch/val.json" "round((j['metrics'] if 'metrics' in j else j)['$name'][$rank - 1], 3)")
        [ "$said" = "$found" ] && [ "$again" = "$found" ] || why+="$name@$rank $said in training, $again after it, $found by evaluate; "
    done
done
verdict 'figures of the kept epoch are those of predict and evaluate' "$why" "$err"

why=""
train 1 plain "${ova[@]}"
train 1 watched "${ova[@]}" "${files[@]}"
cmp -s "$scratch/plain/$results/score.npz" "$scratch/watched/$results/score.npz" || why+="scores differ; "
verdict 'a learner that is only measured has the bits of one that is not' "$why" "$err"

# Stopped, killed, and gone on with on other numbers of ranks.
why=""
strikes=(USR1 KILL USR1 KILL)
for i in 0 1 2 3; do
    : >"$err"
    env --default-signal=INT,TERM,USR1 "${launcher[@]}" -np $((i % 3 + 1)) "$program" train --work "$scratch/stopped" "${common[@]}" "${ova[@]}" \
        "${best[@]}" --checkpoint-every 2 >"$out" 2>"$err" &
    job=$!
    for ((tries = 0; tries < 1500; tries++)); do
        [ "$(grep -c 'validation P@1' "$err")" -gt "$((i < 3 ? 2 : 1))" ] && break
        kill -0 "$job" 2>/dev/null || break
        sleep 0.01
    done
    kill "-${strikes[i]}" "$job" 2>/dev/null
    wait "$job" 2>/dev/null
    # Ranks whose launcher is killed end by themselves, or hold the run's lock.
    for ((tries = 0; tries < 250; tries++)); do
        pgrep -f -- "--work $scratch/stopped " >"$scratch/left" || break
        sleep 0.02
    done
    while read -r rank; do kill -KILL "$rank" 2>/dev/null; done <"$scratch/left"
done
train 2 stopped "${ova[@]}" "${best[@]}" --checkpoint-every 2
[ "$code" -eq 0 ] || why+="exit code $code; "
same 'after two stops and two kills' "$reference" "$scratch/stopped/$results"
[ -z "$(find "$scratch/stopped/models" -name 'ckpt_*-best_*')" ] || why+="the best epoch's checkpoint is left; "
verdict 'stopped, killed and gone on with: the same bits' "$why" "$err"

# Everything that is tuned, with shortlists that follow the encoder.
anns=(--framework DeepXML-ANNS --seeds "1,2" --set extreme.init=random --set extreme.num_epochs=3 --set extreme.num_nbrs=60 --validation 0.2)
anns+=(--set extreme.learning_rate=0.03 --tune --tune-metric P@1+PSP@3)
why=""
for ranks in 1 3; do
    train "$ranks" "tuned$ranks" "${anns[@]}"
    [ "$code" -eq 0 ] || why+="$ranks ranks: exit code $code, $(tail -n 4 "$err"); "
done
path=DeepXML-ANNS/Astec/Small/v_0
same '3 ranks' "$scratch/tuned1/results/$path" "$scratch/tuned3/results/$path"
for seed in 1 2; do
    chosen=$(json "$scratch/tuned3/results/$path/metrics.json" "[l['validation']['chosen']['beta'] for l in j['learners'] if l['seed'] == $seed][0]")
    stored=$(json "$scratch/tuned3/models/${path}_$seed/model.json" "j['config']['global']['beta']")
    [ "$(awk -v a="$chosen" -v b="$stored" 'BEGIN { print a == b }')" = 1 ] || why+="seed $seed: beta $chosen chosen, $stored in the model; "
done
"$program" predict "$scratch/tuned3/models/$path" --features "$set/tst_X_Xf.txt" --to "$scratch/predicted.npz" >"$out" 2>"$err" || why+="predict: $?; "
cmp -s "$scratch/predicted.npz" "$scratch/tuned3/results/$path/score.npz" || why+="predict has other scores; "
train 1 tuned3 "${anns[@]}"
same 'again' "$scratch/tuned1/results/$path" "$scratch/tuned3/results/$path"
verdict 'β, propensity_weight and ensemble weights are tuned: on 1 and 3 ranks alike, for predict, and by a run that finds them trained' "$why" "$err"

# Two jobs that train a learner each, and merge.
why=""
for seed in 1 2; do
    train 1 apart "${anns[@]}" --seeds "$seed" --learners-only
    [ "$code" -eq 0 ] || why+="seed $seed: exit code $code; "
done
"$program" merge --work "$scratch/apart" --configs configs --data "$data" --dataset Small --set global.embedding_dims=64 "${anns[@]}" \
    >"$out" 2>"$err" || why+="merge: exit code $?; "
same 'merge' "$scratch/tuned1/results/$path" "$scratch/apart/results/$path"
cmp -s "$scratch/tuned1/models/$path/ensemble.json" "$scratch/apart/models/$path/ensemble.json" || why+='ensemble.json differs; '
verdict 'merge of learners that two jobs have trained tunes as one job' "$why" "$err"

# All modules; learners without epochs.
why=""
deepxml=("${small_settings[@]}" --seeds 1 --set extreme.num_epochs=3 --set surrogate.num_epochs=2 --set reranker.num_epochs=3)
deepxml+=(--validation 0.2 --keep best:nDCG@5)
for ranks in 1 3; do
    train "$ranks" "all$ranks" "${deepxml[@]}"
    [ "$code" -eq 0 ] || why+="DeepXML on $ranks ranks: exit code $code, $(tail -n 4 "$err"); "
done
same DeepXML "$scratch/all1/results/DeepXML/Astec/Small/v_0" "$scratch/all3/results/DeepXML/Astec/Small/v_0"
[ "$(json "$scratch/all3/results/DeepXML/Astec/Small/v_0/metrics.json" "[m['module'] for m in j['learners'][0]['validation']['modules']]")" = \
    "['extreme', 'reranker']" ] || why+="modules that were measured; "
for framework in DiSMEC SparseSlice Slice; do
    extra=()
    [ "$framework" = Slice ] && extra=(--set slice.init=random)
    train 2 linear --framework "$framework" --seeds 1 --validation 0.2 "${extra[@]}"
    [ "$code" -eq 0 ] || why+="$framework: exit code $code; "
    [ "$(json "$scratch/linear/results/$framework/Linear/Small/v_0/metrics.json" "j['validation']['documents'] == 153 and j['validation']['ensemble']['P'][0] > 5")" = True ] ||
        why+="$framework: no figures; "
done
verdict 'DeepXML with its re-ranker on 1 and 3 ranks; linear learners are measured' "$why" "$err"

# refused NAME WORDS OPTION...: exit code 2, and a message that says this.
refused() {
    local what=$1 words=$2
    shift 2
    train 1 refused "$@"
    [ "$code" -eq 2 ] && grep -q "$words" "$err" || why+="$what: exit code $code, $(head -n 2 "$err"); "
}
why=""
refused share 'no share' "${ova[@]}" --validation 0.7
refused word 'no share' "${ova[@]}" --validation some
refused 'test files' 'nothing may be chosen by them' "${ova[@]}" --validation files
# Files by which nothing could be chosen, and sizes that are another data set's.
refused 'training files' 'the validation documents are the training documents' "${ova[@]}" --validation files \
    --set global.val_feat_fname=trn_X_Xf.txt --set global.val_label_fname=trn_X_Y.txt
sed '2,$s/.*//' "$set/val_X_Y.txt" >"$set/none_Y.txt"
refused 'no labels' 'no validation document has a label' "${ova[@]}" "${files[@]}" --set global.val_label_fname=none_Y.txt
sed '2,$s/:1/:0/g' "$set/val_X_Y.txt" >"$set/none_Y.txt"
refused 'explicit zeros' 'no validation document has a label' "${ova[@]}" "${files[@]}" --set global.val_label_fname=none_Y.txt
refused 'metric without --tune' 'nothing is tuned' "${ova[@]}" --validation 0.1 --tune-metric PSP@1
train 1 odd "${ova[@]}" "${files[@]}" --set global.val_label_fname=val_X_Xf.txt --dry-run --quiet
[ "$code" -eq 0 ] && grep -q 'says 200 labels, val_X_Xf.txt 300' "$err" && grep -q 'val_X_Xf.txt has values other than 1' "$err" ||
    why+="features for labels: exit code $code, $(head -n 3 "$err"); "
refused keep 'validation documents are needed' "${ova[@]}" --keep best
refused metric 'unknown metric' "${ova[@]}" --validation 0.1 --keep best:P@7
refused patience 'out of range' "${ova[@]}" --validation 0.1 --patience 0
refused beta 'cannot be tuned' "${ova[@]}" --validation 0.1 --tune beta
refused linear 'no epochs' --framework DiSMEC --seeds 1 --validation 0.1 --keep best
refused 'another cut' 'another run' "${ova[@]}" "${best[@]}" --work "$scratch/1" --validation-seed 9
verdict 'what means nothing is refused' "$why" "$err"
finish
