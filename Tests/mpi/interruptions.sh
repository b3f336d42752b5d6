# Sourced by the checks that stop jobs and compare what they end with: starts a job in the background, strikes it, and
# compares results with those of $reference_folder ($scratch/reference). Wants of lib.sh all, and of its user: out, err (files),
# results (folder), options (of the job), ranks, reference_figures and, where there are others than v_0_1 and v_0_2, learner_folders.
# shellcheck shell=bash disable=SC2034,SC2154 # variables of and for who sources this

# begin WORK [OPTION...]: starts the job; its launcher is $job. Signals that this shell ignores are put back first.
begin() {
    local folder=$1
    shift
    : >"$out" && : >"$err"
    env --default-signal=INT,TERM,USR1 "${launcher[@]}" -np "$ranks" \
        "$program" --work "$folder" --seeds 1,2 "${options[@]}" "$@" >"$out" 2>"$err" &
    job=$!
}

# Waits for the job at most five minutes; its exit code is $code.
await() {
    local tries=0
    while kill -0 "$job" && [ "$tries" -lt 15000 ]; do
        sleep 0.02
        tries=$((tries + 1))
    done
    [ "$tries" -lt 15000 ] || { kill -KILL "$job"; echo "a job hung for five minutes, and was killed"; }
    wait "$job"
    code=$?
} 2>/dev/null

run() { begin "$@"; await; }

log_lines() { mapfile -t lines <"$err"; echo "${#lines[@]}"; }

# until_logged COUNT: waits until the job has logged so many lines, or has ended.
until_logged() { while [ "$(log_lines)" -lt "$1" ] && kill -0 "$job" 2>/dev/null; do sleep 0.005; done; }

pause() { sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"; }

# The job's ranks: children of its launcher that have become the program.
living_ranks() {
    local pid
    for pid in $(cat "/proc/$job/task/"*/children 2>/dev/null); do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = deepxml-dist ] && echo "$pid"
    done
}

# left_behind PID...: those that still run after five seconds, which are then ended.
left_behind() {
    local pid tries
    for pid; do
        for ((tries = 0; tries < 250; tries++)); do
            [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = deepxml-dist ] || continue 2
            grep -q '^State:.*Z' "/proc/$pid/status" 2>/dev/null && continue 2
            sleep 0.02
        done
        echo "$pid"
        kill -KILL "$pid" 2>/dev/null
    done
}

# differences WORK [ENSEMBLE]: what of its results is not the reference's; of the learners only where ENSEMBLE is no.
differences() {
    local folder file folders=${learner_folders:-v_0_1 v_0_2}
    if [ "${2:-yes}" = yes ]; then
        folders+=" v_0"
        [ "$(figures "$1/$results/v_0/metrics.json")" = "$reference_figures" ] || echo "metrics.json differs;"
    fi
    for folder in $folders; do
        for file in score.npz log_eval.txt; do
            cmp -s "$1/$results/$folder/$file" "${reference_folder:-$scratch/reference}/$results/$folder/$file" || echo "$folder/$file differs;"
        done
    done
}

# strike KIND: signals the job, or those of its ranks in $victims; false where there is nothing to signal.
strike() {
    local rank=${victims[RANDOM % (${#victims[@]} + (${#victims[@]} == 0))]:-}
    case $1 in
        TERM | INT | USR1) kill "-$1" "$job" ;;
        KILL) kill -KILL "$job" ;;
        USR1-ranks) [ -n "$rank" ] && kill -USR1 "${victims[@]}" ;;
        KILL-rank) [ -n "$rank" ] && kill -KILL "$rank" ;;
    esac 2>/dev/null
}

# wound KIND LINES DELAY_MS: strikes the running job so long after it has logged so many lines. $code is the job's, or 0
# where it had ended before.
wound() {
    local hit=no tries
    until_logged "$2"
    pause "$3"
    for ((tries = 0; tries < 100; tries++)); do
        mapfile -t victims < <(living_ranks)
        [ "${#victims[@]}" -eq "$ranks" ] || [[ $1 != *rank* ]] || ! kill -0 "$job" 2>/dev/null && break
        sleep 0.02
    done
    logged=$(log_lines)
    strike "$1" && hit=yes
    await
    rest=$(left_behind "${victims[@]}")
    [ "$hit" = yes ] || code=0
}
