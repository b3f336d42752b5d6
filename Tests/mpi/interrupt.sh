#!/bin/bash
# A job that is killed at random moments and started again ends with the results of one that nobody stopped, bit for bit.
# Usage: interrupt.sh [KILLS [SEED]]: 20 kills, or with 0 the other checks alone; the seed of the random moments is printed, so
# that a failure can be looked for again.
# shellcheck disable=SC2128,SC2178 # `lines` is an array in a function of lib.sh alone
. "$(dirname "$0")/lib.sh"
. "$repository/Tests/mpi/interruptions.sh"
kills=${1:-20}
seed=${2:-$(($(date +%s) % 32768))}
RANDOM=$seed
echo "interrupt.sh $kills $seed"
small_dataset "$scratch/data/Small" 1275 300 400 300
out=$scratch/out err=$scratch/err results=results/DeepXML/Astec/Small
options=(
    --configs configs --data "$scratch/data" --dataset Small --checkpoint-every 1 "${small_settings[@]}"
    --set surrogate.num_epochs=6 --set extreme.num_epochs=12 --set reranker.num_epochs=6
)
epochs=24
ranks=4

# (a) the reference
start=${EPOCHREALTIME/./}
begin "$scratch/reference"
until_logged 1
start_up=$(((${EPOCHREALTIME/./} - start) / 1000))
await
length=$(((${EPOCHREALTIME/./} - start) / 1000))
if [ "$code" -ne 0 ]; then
    fail "a job that nobody stops" "exit code $code" "$err"
    finish
fi
reference_figures=$(figures "$scratch/reference/$results/v_0/metrics.json")
all_lines=$(log_lines)
pass "a job that nobody stops: $length ms, $all_lines log lines"

# (b) kills at random moments; every fourth killed job is killed again while it goes on
kinds=(TERM KILL-rank USR1 KILL INT USR1-ranks KILL-rank)
hits=0 rounds=0
while [ "$hits" -lt "$kills" ] && [ "$rounds" -lt $((3 * kills)) ]; do
    kind=${kinds[rounds % 7]} folder=$scratch/killed
    # Twentieths of the run in turn: the first is the start-up, the last what follows the training.
    part=$((rounds * 7 % 20))
    lines=$((part * all_lines / 19))
    delay=$((part == 0 ? RANDOM % (start_up + 1) : RANDOM % 60))
    rounds=$((rounds + 1))
    story="" why=""
    rm -rf "$folder"
    begin "$folder"
    while true; do
        wound "$kind" "$lines" "$delay"
        [ "$code" -ne 0 ] && hits=$((hits + 1))
        story+="$kind after $logged log lines + $delay ms, exit code $code; "
        [ -z "$rest" ] || why+="left behind: $rest; "
        # During the start-up a signal may end a rank that does not watch for it yet.
        if [[ $kind = USR1* && $logged -gt 2 && $code -ne 75 && $code -ne 0 ]]; then why+="exit code $code, not 75; "; fi
        [ "$code" -ne 0 ] && [ $((RANDOM % 4)) -eq 0 ] || break
        lines=$((RANDOM % (all_lines / 2)))
        delay=$((RANDOM % 60))
        kind=${kinds[RANDOM % 7]}
        begin "$folder"
    done
    [ "$code" -eq 0 ] || run "$folder"
    [ "$code" -eq 0 ] || why+="going on ended with code $code; "
    why+=$(differences "$folder")
    verdict "kill $hits: ${story%; }" "$why" "$err"
done
verdict "$hits kills hit a running job" "$([ "$hits" -ge "$kills" ] || echo "fewer than $kills")"

# interrupted WORK: a job that was stopped while its first learner was in module III; $code is 75.
interrupted() {
    local tries
    for ((tries = 0; tries < 4; tries++)); do
        rm -rf "$1"
        begin "$1"
        until_said 'seed 1 extreme 3/'
        kill -USR1 "$job" 2>/dev/null
        await
        [ "$code" -eq 75 ] && return
    done
}

# (c) another number of ranks
interrupted "$scratch/stopped"
why=$([ "$code" -eq 75 ] || echo "exit code $code, not 75; ")
! grep -q 'seed 1 extreme 12/' "$err" || why+="it went on to the end of the module; "
verdict "SIGUSR1 in module III" "$why" "$err"
for other in 1 2 3 6; do
    wanted "stopped with 4 ranks, ended with $other: the same bits" || continue
    rm -rf "$scratch/other"
    cp -rp "$scratch/stopped" "$scratch/other"
    ranks=$other
    run "$scratch/other"
    why=$([ "$code" -eq 0 ] || echo "exit code $code;")$(differences "$scratch/other")
    grep -q 'seed 1 goes on from checkpoint extreme' "$err" || why+="seed 1 did not go on from its checkpoint;"
    events=$scratch/other/$results/v_0_1/events.jsonl
    [ "$(sed -nE 's/.*"epoch":([0-9]+).*"event":"epoch".*"module":"([a-z]+)".*/\2 \1/p' "$events" | sort -u | wc -l)" -eq 24 ] ||
        why+="not all epochs in events.jsonl;"
    [ "$(grep -c '"event":"resume"' "$events")" -eq 1 ] || why+="no mark where it went on;"
    grep -q "class='mark'" "$scratch/other/$results/v_0/report.html" || why+="none in the report;"
    verdict "$check" "$why" "$err"
done
ranks=4

# (d) a damaged checkpoint
for damage in "a changed byte" "a cut-off file" "a changed manifest"; do
    wanted "a damaged checkpoint ($damage) is named, and the one before it used" || continue
    rm -rf "$scratch/damaged"
    cp -rp "$scratch/stopped" "$scratch/damaged"
    # shellcheck disable=SC2012 # the newest of files that we name ourselves
    manifest=$(ls -t "$scratch/damaged/models/DeepXML/Astec/Small/v_0_1"/*/manifest.json | head -n 1)
    shards=("$(dirname "$manifest")"/shard-*)
    case $damage in
        *byte) victim=${shards[-1]} && flip_byte "$victim" ;;
        *file) victim=${shards[0]} && truncate -s -100 "$victim" ;;
        *manifest) victim=$manifest && flip_byte "$victim" ;;
    esac
    run "$scratch/damaged"
    why=$([ "$code" -eq 0 ] || echo "exit code $code;")$(differences "$scratch/damaged")
    grep -q "$victim is damaged.*using ckpt_" "$err" || why+="the file is not named;"
    verdict "$check" "$why" "$err"
done

# (e) what is finished stays
trained() { grep -Ec "seed $1 (surrogate|extreme|reranker) " "$err"; }
if wanted "finished learners are not trained again"; then
    run "$scratch/reference"
    why=$([ "$code" -eq 0 ] || echo "exit code $code;")$(differences "$scratch/reference")
    [ "$(trained '[12]')" -eq 0 ] || why+="trained again;"
    verdict "$check" "$why" "$err"
fi
if wanted "a learner whose model is gone is trained again"; then
    cp -rp "$scratch/reference" "$scratch/gone"
    rm -rf "$scratch/gone/models/DeepXML/Astec/Small/v_0_1"
    run "$scratch/gone"
    why=$([ "$code" -eq 0 ] || echo "exit code $code;")$(differences "$scratch/gone")
    grep -q 'v_0_1 has no trained module: the learner is trained again' "$err" || why+="it is not said;"
    [ "$(trained 1) $(trained 2)" = "$epochs 0" ] || why+="epochs trained: $(trained 1) and $(trained 2);"
    "$program" predict "$scratch/gone/models/DeepXML/Astec/Small/v_0_1" --features "$scratch/data/Small/tst_X_Xf.txt" \
        --to "$scratch/gone.txt" -q >"$out" 2>>"$err" || why+="the model does not predict; "
    verdict "$check" "$why" "$err"
fi
if wanted "a seed that is added is trained alone"; then
    cp -rp "$scratch/reference" "$scratch/added"
    run "$scratch/added" --seeds 1,2,3
    why=$([ "$code" -eq 0 ] || echo "exit code $code;")$(differences "$scratch/added" no)
    [ "$(trained '[12]') $(trained 3)" = "0 $epochs" ] || why+="epochs trained: $(trained '[12]') and $(trained 3);"
    verdict "$check" "$why" "$err"
fi
if wanted "--fresh trains again, to the same bits"; then
    run "$scratch/added" --fresh
    why=$([ "$code" -eq 0 ] || echo "exit code $code;")$(differences "$scratch/added")
    [ "$(trained 1) $(trained 2)" = "$epochs $epochs" ] || why+="epochs trained: $(trained 1) and $(trained 2);"
    verdict "$check" "$why" "$err"
fi
if wanted "--fresh that is stopped leaves nothing of the run before: the command without it goes on"; then
    cp -rp "$scratch/reference" "$scratch/stopped-fresh"
    # Another run in the same folders, whose results are in the way of this one's.
    run "$scratch/stopped-fresh" --fresh --set extreme.learning_rate=0.002
    why=$([ "$code" -eq 0 ] || echo "exit code $code at first; ")
    begin "$scratch/stopped-fresh" --fresh
    until_said 'seed 1 extreme 3/'
    kill -USR1 "$job" 2>/dev/null
    await
    [ "$code" -eq 75 ] || why+="exit code $code, not 75; "
    grep -q 'the same command without --fresh goes on' "$err" || why+="not said how it goes on; "
    run "$scratch/stopped-fresh"
    [ "$code" -eq 0 ] || why+="exit code $code; "
    why+=$(differences "$scratch/stopped-fresh")
    grep -q 'seed 1 goes on from checkpoint extreme' "$err" || why+="seed 1 did not go on; "
    [ "$(trained 2)" -gt 0 ] || why+="seed 2 of the run before was taken; "
    "$program" predict "$scratch/stopped-fresh/models/DeepXML/Astec/Small/v_0" --features "$scratch/data/Small/tst_X_Xf.txt" \
        --to "$scratch/fresh.txt" -q >"$out" 2>>"$err" || why+="the model does not predict; "
    verdict "$check" "$why" "$err"
fi
if wanted "what is kept and measured can be set anew, in every form that is there"; then
    cp -rp "$scratch/reference" "$scratch/again"
    run "$scratch/again" --set global.save_top_k=2 --set global.A=5 --predictions text
    why=$([ "$code" -eq 0 ] || echo "exit code $code; ")
    [ "$(trained '[12]')" -eq 0 ] || why+="trained again; "
    for folder in v_0 v_0_1 v_0_2; do
        [ "$(awk 'NR > 1 && NF > most {most = NF} END {print most}' "$scratch/again/$results/$folder/score.txt")" -eq 2 ] || why+="$folder/score.txt keeps more than 2; "
        [ "$(stat -c %s "$scratch/again/$results/$folder/score.npz")" -lt "$(stat -c %s "$scratch/reference/$results/$folder/score.npz")" ] ||
            why+="$folder/score.npz is the one before; "
        ! cmp -s "$scratch/again/$results/$folder/log_eval.txt" "$scratch/reference/$results/$folder/log_eval.txt" || why+="$folder/log_eval.txt is the one before; "
    done
    verdict "$check" "$why" "$err"
fi
finish
