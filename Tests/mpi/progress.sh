#!/usr/bin/env bash
# Progress: Tests/silence finds what it should, and a run that lasts says how far it is, and nothing with --quiet.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
out=$scratch/out err=$scratch/err log=$scratch/log silence=$repository/Tests/silence

# silences NAME CODE PATTERN [SECONDS]: what Tests/silence says of $log.
silences() {
    "$silence" "$log" ${4:+"$4"} >"$out" 2>&1
    local status=$?
    verdict "$1" "$({ [ "$status" -eq "$2" ] && grep -qE -- "$3" "$out"; } || echo "exit code $status, not $2, or no \"$3\"")" "$out"
}

printf '%s\n' 'no time' '2026-02-28T23:59:55Z rank 0 info a' 'between' '2026-03-01T00:00:05Z rank 1 info b' >"$log"
silences 'ten seconds over the end of a February are no silence' 0 '2 lines over 10 s, the longest silence 10 s'
silences 'nine seconds were allowed' 1 ':4: 10 s of silence after line 2: 2026-02-28T23:59:55Z rank 0 info a' 9
printf '%s\n' '{"level":"info","time":"2024-02-28T23:00:00Z"}' '{"time":"2024-03-01T00:00:00Z"}' >"$log"
silences 'a leap year, in JSON' 1 ':2: 90000 s of silence'
printf '%s\n' '2026-01-01T00:00:20Z a' '2026-01-01T00:00:18Z b' '2026-01-01T00:00:29Z c' >"$log"
silences 'a line that comes late hides nothing and invents nothing' 0 'the longest silence 9 s'
echo 'no time' >"$log"
silences 'a log without times' 2 'no line has a time'
"$silence" >"$out" 2>&1
verdict 'Tests/silence without a file' "$([ $? -eq 2 ] && grep -q usage "$out" || echo 'no usage')" "$out"

# A text whose lines come slowly: the command waits for them, and says so.
mkdir -p "$scratch/data"
slow_lines() { for i in 1 2 3 4 5 6 7 8; do printf 'a%d|b\ta document about thing %d\n' $((i % 2)) $((i % 3)) && sleep 1; done; }
prepare=(prepare --data "$scratch/data" --embeddings none --min-count 1 --min-label-count 1)
slow_lines | "$program" "${prepare[@]}" --name Slow --train /dev/stdin >"$out" 2>"$err"
status=$?
verdict 'prepare says what it is at' "$({ [ $status -eq 0 ] && grep -qE 'Z rank 0 info preparing: reading stdin: .* so far' "$err"; } ||
    echo "exit code $status, or no progress")" "$err"
cp "$err" "$log"
silences 'and is never silent for long' 0 'the longest silence [0-9] s'
slow_lines | "$program" "${prepare[@]}" --name Quiet --quiet --train /dev/stdin >"$out" 2>"$err"
verdict 'prepare --quiet' "$([ $? -eq 0 ] && [ ! -s "$err" ] && [ ! -s "$out" ] || echo 'it failed, or said something')" "$err"

# A run of some seconds: one learner with epochs that last.
small_dataset "$scratch/data/Small" 4000 500 800 400
run=("$program" --configs configs --data "$scratch/data" --dataset Small --framework DeepXML-OVA --seeds 1
    --set extreme.init=random --set global.embedding_dims=300 --set extreme.batch_size=16 --set extreme.num_epochs=2)
"${launcher[@]}" -np 2 "${run[@]}" --work "$scratch/work" >"$out" 2>"$err" </dev/null
status=$?
cp "$err" "$log"
silences 'a run is never silent for long' 0 'the longest silence [0-9]+ s'
verdict 'and it ends' "$([ $status -eq 0 ] || echo "exit code $status")" "$err"
finish
