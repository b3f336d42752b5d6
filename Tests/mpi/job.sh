#!/bin/bash
# The whole job on a small data set: any number of ranks and seeds gives the same results, and the ways to see it run.
. "$(dirname "$0")/lib.sh"
data=$scratch/data out=$scratch/out err=$scratch/err results=results/DeepXML/Astec/Small
small_dataset "$data/Small" 765 150 400 300
options=(
    --configs configs --data "$data" --dataset Small "${small_settings[@]}"
    --set surrogate.num_epochs=3 --set extreme.num_epochs=4 --set reranker.num_epochs=3
)

# job RANKS WORK OPTION...: runs the job; 0 ranks: without mpirun. Its exit code is $code.
job() {
    local ranks=$1 work=$2 start_job=("${launcher[@]}" -np "$1")
    shift 2
    [ "$ranks" -eq 0 ] && start_job=()
    timeout -k 1 300 "${start_job[@]}" "$program" --work "$work" "${options[@]}" "$@" >"$out" 2>"$err" </dev/null
    code=$?
}

# missing_keys FILE KEY...: those that the JSON file does not have.
missing_keys() {
    local file=$1 key
    shift
    for key; do grep -q "\"$key\" *:" "$file" || echo "no key $key; "; done
}

# The P@5 of the ensemble, from metrics.json.
precision_at_5() {
    awk '/"ensemble" : \{/ { inside = 1 } inside && /"P" :/ { gsub(/[],]/, " "); print $(NF); exit }' "$1"
}

# Every number of ranks, with one seed, two, and three: groups of equal and of unequal sizes, and idle ranks.
for seeds in 1 1,2 1,2,3; do
    reference=""
    for ranks in 1 2 3 4 5 6 7 8 16; do
        work=$scratch/n$ranks why=""
        rm -rf "$work"
        job "$ranks" "$work" --seeds "$seeds"
        file=$work/$results/v_0/metrics.json
        if [ "$code" -ne 0 ]; then
            fail "n=$ranks, seeds $seeds" "exit code $code" "$err"
            continue
        fi
        [ -n "$reference" ] || { reference=$scratch/reference_$seeds && cp -r "$work" "$reference"; }
        other=$reference/$results/v_0/metrics.json
        grep -q "\"ranks\" : $ranks,*$" "$file" || why+="another number of ranks in metrics.json; "
        [ "$(grep -c '"seed" :' "$file")" -eq "$(tr ',' '\n' <<<"$seeds" | wc -l)" ] || why+="another number of learners; "
        [ "$(figures "$file")" = "$(figures "$other")" ] ||
            why+="metrics differ from n=1: P@5 $(precision_at_5 "$file"), not $(precision_at_5 "$other"); "
        for folder in v_0 $(sed -E 's/([0-9]+),?/v_0_\1 /g' <<<"$seeds"); do
            cmp -s "$work/$results/$folder/score.npz" "$reference/$results/$folder/score.npz" || why+="$folder/score.npz differs from n=1; "
        done
        verdict "n=$ranks, seeds $seeds: P@5 $(precision_at_5 "$file"), the same bits as n=1" "$why" "$err"
        [ "$ranks" -eq 3 ] || rm -rf "$work"
    done
done

# metrics.json as issue 3 wants it
file=$scratch/n3/$results/v_0/metrics.json
why=$(missing_keys "$file" schema framework arch dataset version ranks workers groups wall_seconds peak_rss_mib data train test \
    features labels fingerprint learners seed metrics P nDCG PSP PSnDCG R by_beta 0.50 stages knn clf reranker seconds surrogate \
    shortlist extreme reranker predict ensemble)
grep -q '"schema" : 1,*$' "$file" || why+="the schema is not 1; "
[ "$(sed -nE 's/.*"peak_rss_mib" : \[(.*)\].*/\1/p' "$file" | tr ',' '\n' | wc -l)" -eq 3 ] || why+="peak_rss_mib is not one a rank; "
[ "$(grep -cE '"(P|nDCG|PSP|PSnDCG|R)" : \[([0-9.]+, ){4}[0-9.]+\]' "$file")" -eq "$(grep -cE '"(P|nDCG|PSP|PSnDCG|R)" :' "$file")" ] ||
    why+="metrics are not five numbers each; "
! sed -nE 's/.*"(P|nDCG|PSP|PSnDCG|R)" : \[(.*)\].*/\2/p' "$file" | tr ', ' '\n' | awk '$1 > 100 { bad = 1 } END { exit !bad }' ||
    why+="metrics above 100; "
if command -v jq >/dev/null; then jq -e . "$file" >/dev/null 2>&1 || why+="no JSON; "; fi
verdict "metrics.json has the keys of its schema" "$why" "$file"
why=""
for name in v_0_1/log_eval.txt v_0_1/score.npz v_0_1/score.h5 v_0/log_eval.txt v_0/score.npz v_0/score.h5; do
    [ -s "$scratch/n3/$results/$name" ] || why+="no $name; "
done
verdict "results of each learner and of the ensemble are there" "$why"

# report.html
page=$scratch/n3/$results/v_0/report.html why=""
for id in overview metrics segments beta loss time memory plan config documents; do
    grep -q "<section id='$id'>" "$page" || why+="no section $id; "
done
[ "$(tail -n 1 "$page")" = '</html>' ] || why+="it does not end; "
"$program" report "$scratch/n3/$results/v_0" --to "$scratch/again.html" >"$out" 2>"$err" && cmp -s "$page" "$scratch/again.html" ||
    why+="report makes another; "
"$program" report "$scratch/n3/$results/v_0" "$scratch/reference_1/$results/v_0" --compare --to "$scratch/both.html" >"$out" 2>"$err" &&
    grep -q "<section id='metrics'>" "$scratch/both.html" || why+="no comparison; "
verdict "report.html is complete, and made anew" "$why" "$err"

# Ways to run it
job 3 "$scratch/dry" --seeds 1,2 --dry-run
why=$([ "$code" -eq 0 ] || echo "exit code $code; ")
grep -q 'Plan: 2 learners' "$out" && grep -q 'Labels:' "$out" && grep -q 'Memory' "$out" || why+="no plan; "
[ -e "$scratch/dry" ] && why+="wrote $(find "$scratch/dry" | tail -n 1); "
verdict "--dry-run prints the plan and writes nothing" "$why" "$out" "$err"

mkfifo "$scratch/pipe"
cat "$scratch/pipe" >"$scratch/piped" &
reader=$!
job 3 "$scratch/quiet" --seeds 1,2 --quiet --events "$scratch/pipe" --tensorboard "$scratch/board"
wait "$reader"
why=$([ "$code" -eq 0 ] || echo "exit code $code; ")
[ -s "$err" ] && why+="standard error isn't empty; "
[ "$(grep -c . "$out")" -eq 4 ] && grep -q '^ensemble' "$out" || why+="not the table alone; "
verdict "--quiet prints the table alone" "$why" "$out" "$err"
why=""
[ "$(cat "$scratch/quiet/$results"/v_0_?/events.jsonl | sort)" = "$(sort "$scratch/piped")" ] || why+="not the learners' events; "
[ "$(grep -c '"event":"epoch"' "$scratch/piped")" -eq 20 ] || why+="not 20 epochs; "
[ "$(find "$scratch/board" -name 'events.out.tfevents.*' -size +1k | wc -l)" -eq 2 ] || why+="not two files for TensorBoard; "
verdict "--events writes to a pipe, --tensorboard a file a learner" "$why"

job 3 "$scratch/json" --seeds 1,2 --log-format json
why=$([ "$code" -eq 0 ] || echo "exit code $code; ")
[ "$(grep -c . "$err")" -ge 20 ] || why+="too few lines; "
grep -vqE '^\{.*"level":"[a-z]+".*"message":".*"rank":[0-9]+.*"time":"[0-9TZ:-]+".*\}$' "$err" && why+="lines that are no object; "
if command -v jq >/dev/null; then [ "$(jq -c . "$err" 2>/dev/null | wc -l)" -eq "$(wc -l <"$err")" ] || why+="not an object a line; "; fi
grep -q '"epoch":3,"epochs":3,.*"learner":2,' "$err" || why+="no fields of an epoch; "
verdict "--log-format json: an object a line" "$why" "$err"

job 0 "$scratch/plain" --seeds 1,2
why=$([ "$code" -eq 0 ] || echo "exit code $code; ")
cmp -s "$scratch/plain/$results/v_0/score.npz" "$scratch/reference_1,2/$results/v_0/score.npz" || why+="score.npz differs; "
verdict "without mpirun: the same bits" "$why" "$err"

# Signals without mpirun. A shell's background jobs ignore SIGINT: env puts the default back, as at a prompt.
for name in INT TERM; do
    rm -rf "$scratch/stopped" && : >"$err"
    env --default-signal=INT,TERM "$program" --work "$scratch/stopped" "${options[@]}" --seeds 1,2 --set extreme.num_epochs=2000 \
        >"$out" 2>"$err" </dev/null &
    job=$!
    for ((tries = 0; tries < 1000; tries++)); do
        grep -q 'extreme 3/' "$err" && break
        sleep 0.02
    done
    start=${EPOCHREALTIME/./}
    kill "-$name" "$job"
    for ((tries = 0; tries < 250; tries++)); do
        kill -0 "$job" 2>/dev/null || break
        sleep 0.02
    done
    kill -KILL "$job" 2>/dev/null
    wait "$job" 2>/dev/null
    code=$? took=$(((${EPOCHREALTIME/./} - start) / 1000))
    why=$([ "$code" -eq 75 ] || echo "exit code $code, not 75; ")
    grep -q 'the same command goes on' "$err" || why+="does not say how to go on; "
    compgen -G "$scratch/stopped/models/DeepXML/Astec/Small/v_0_1/ckpt_extreme_*/manifest.json" >/dev/null || why+="no checkpoint; "
    "$program" watch "$scratch/stopped/$results/v_0" --json >"$out"
    [ $? -eq 75 ] && [ "$(tail -n 1 "$out" | cut -c 1-12)" = '{"code":75,"' ] || why+="watch does not say how it ended; "
    verdict "SIG$name without mpirun: a checkpoint, and exit code 75 ($took ms)" "$why" "$err"
done
finish
