# Sourced by the checks that run a job on different numbers of ranks: starts one in the background, and waits for its end. Wants of lib.sh
# all, and of its user: out, err (files) and options (of the job).
# shellcheck shell=bash disable=SC2034,SC2154 # variables of and for who sources this

# begin WORK RANKS OPTION...: starts the job; its launcher is $job.
begin() {
    local folder=$1 ranks=$2
    shift 2
    : >"$out" && : >"$err"
    env --default-signal=INT,TERM,USR1 "${launcher[@]}" -np "$ranks" "$program" --work "$folder" "${options[@]}" "$@" \
        >"$out" 2>"$err" </dev/null &
    job=$!
}

# Waits for the job, and for ranks that outlive its launcher, at most five minutes; its exit code is $code.
await() {
    local tries=0
    while kill -0 "$job" && [ $((tries += 1)) -lt 15000 ]; do sleep 0.02; done
    [ "$tries" -lt 15000 ] || kill -KILL "$job"
    wait "$job"
    code=$?
    while pgrep -f -- "--work $scratch" >"$scratch/left" && [ $((tries += 1)) -lt 15000 ]; do sleep 0.02; done
} 2>/dev/null
