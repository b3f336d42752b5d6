#!/usr/bin/env bash
# Rows of the fault table (docs/RELIABILITY.md) that interrupt.sh and bad_input.sh don't have: after each fault the job says
# what is wrong, nothing of it is left behind, and the same command then ends with the results of a job without faults.
. "$(dirname "$0")/lib.sh"
data=$scratch/data out=$scratch/out err=$scratch/err results=results/DeepXML/Astec/Small
small_dataset "$data/Small" 765 150 400 300
options=(
    --configs configs --data "$data" --dataset Small --checkpoint-every 1 "${small_settings[@]}" --set surrogate.num_epochs=3
    --set extreme.num_epochs=40 --set reranker.num_epochs=3
)
ranks=3
name=$(basename "$program" | cut -c 1-15)
models=models/DeepXML/Astec/Small

# begin WORK [OPTION...]: starts the job with $environment; its launcher is $job.
begin() {
    local folder=$1
    shift
    : >"$out" && : >"$err"
    env "${environment[@]}" "${launcher[@]}" --mca odls_base_sigkill_timeout 1 -np "$ranks" "$program" --work "$folder" --seeds 1 \
        "${options[@]}" "$@" >"$out" 2>"$err" </dev/null &
    job=$!
}
environment=(A=b)

# Waits for the job at most five minutes; its exit code is $code.
await() {
    local tries
    for ((tries = 0; tries < 3000; tries++)); do kill -0 "$job" 2>/dev/null || break; sleep 0.1; done
    [ "$tries" -lt 3000 ] || { kill -KILL "$job"; echo "a job hung for five minutes, and was killed"; }
    wait "$job" 2>/dev/null
    code=$?
}
run() { begin "$@"; await; }

until_logged() { while ! grep -q "$1" "$err" && kill -0 "$job" 2>/dev/null; do sleep 0.02; done; }

# rank NUMBER: the process of the running job's rank.
rank() {
    local pid
    for pid in $(cat "/proc/$job/task/"*/children 2>/dev/null); do
        tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$1" && echo "$pid" && return
    done
}

# left WORK: processes that still run on the folder; they are ended.
left() {
    local pid tries
    for ((tries = 0; tries < 50; tries++)); do
        left=$(for pid in $(pgrep -f -- "--work $1( |\$)"); do [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$name" ] && echo "$pid"; done)
        [ -n "$left" ] || return
        sleep 0.1
    done
    echo "left behind: $left; "
    # shellcheck disable=SC2086 # a word a process
    kill -KILL $left
}

# said PATTERN...: those that the job has not said; and that it has said its error more than once.
said() {
    local pattern
    for pattern; do grep -Eq -- "$pattern" "$err" || echo "no \"$pattern\"; "; done
    [ "$(grep -c '^error:' "$err")" -le 1 ] || echo "$(grep -c '^error:' "$err") errors; "
}

# recovers WORK [OPTION...]: what is wrong after the same command once more.
recovers() {
    local file
    run "$@"
    [ "$code" -eq 0 ] || echo "then exit code $code; $(tail -n 3 "$err")"
    [ "$(figures "$1/$results/v_0/metrics.json" 2>&1)" = "$reference" ] || echo "then other metrics; "
    for file in v_0/score.npz v_0_1/score.npz v_0_1/log_eval.txt; do
        cmp -s "$1/$results/$file" "$scratch/reference/$results/$file" || echo "then $file differs; "
    done
    [ -z "$(find "$1" -name 'run.lock*')" ] || echo "a lock stayed; "
}

run "$scratch/reference"
verdict "a job without faults" "$([ "$code" -eq 0 ] || echo "exit code $code")" "$err"
reference=$(figures "$scratch/reference/$results/v_0/metrics.json")

# stands_still RANK WORK PATTERN: a job in which the rank is stopped; what is wrong with its end and the run after it is $why.
stands_still() {
    begin "$2" --silence-timeout 2
    until_logged 'extreme 5/'
    kill -STOP "$(rank "$1")"
    await
    why=$([ "$code" -eq 75 ] || echo "exit code $code; ")$(said "^error: rank $1 on .*$3" 'silence-timeout is 2')$(left "$2")
    why+=$(recovers "$2")
}

# A worker that stands still, on a job whose other rank waits for it
if wanted "a worker that stands still is named"; then
    stands_still 2 "$scratch/silent" 'not been heard of for'
    verdict "$check" "$why" "$err"
fi

# The coordinator stands still: one of the workers that wait for it says so
if wanted "a coordinator that stands still is named"; then
    stands_still 0 "$scratch/headless" ': the coordinator has not been heard of for'
    grep -qE 'goes on from checkpoint (extreme|reranker)' "$err" || why+="then it began anew; "
    verdict "$check" "$why" "$err"
fi

# All of the job stands still, and goes on: that is nobody's fault
if wanted "a job that is suspended as a whole goes on"; then
    begin "$scratch/suspended" --silence-timeout 2
    until_logged 'extreme 5/'
    stopped=("$(rank 0)" "$(rank 1)" "$(rank 2)")
    kill -STOP "${stopped[@]}"
    sleep 4
    kill -CONT "${stopped[@]}"
    await
    verdict "$check" "$([ "$code" -eq 0 ] || echo "exit code $code")" "$err"
fi

# Killed: the coordinator, a worker, mpirun with all
for victim in "the coordinator" "a worker" "mpirun and all ranks"; do
    wanted "$victim killed" || continue
    folder=$scratch/killed
    rm -rf "$folder"
    begin "$folder"
    until_logged 'extreme 5/'
    case $victim in
        *coordinator) kill -KILL "$(rank 0)" ;;
        *worker) kill -KILL "$(rank 1)" ;;
        *) kill -KILL "$job" "$(rank 0)" "$(rank 1)" "$(rank 2)" ;;
    esac
    await
    why=$([ "$code" -ne 0 ] || echo "exit code 0; ")$(left "$folder")
    [ "$victim" = "a worker" ] || [ -f "$folder/$results/v_0_1/run.lock" ] || why+="no stale lock; "
    why+=$(recovers "$folder")
    grep -qE 'goes on from checkpoint (extreme|reranker)' "$err" || why+="then it began anew; "
    ! grep -q 'seed 1 surrogate ' "$err" || why+="then it trained module I again; "
    verdict "$check" "$why" "$err"
done

# A signal to one rank alone: the coordinator, a worker
for place in "0 of 3" "2 of 3" "1 of 2"; do
    wanted "SIGTERM to rank $place alone" || continue
    ranks=${place##* }
    folder=$scratch/signalled
    rm -rf "$folder"
    begin "$folder"
    until_logged 'extreme 5/'
    kill -TERM "$(rank "${place%% *}")"
    await
    why=$([ "$code" -eq 75 ] || echo "exit code $code; ")$(left "$folder")
    ! grep -q 'extreme 40/' "$err" || why+="it went on to the end of the module; "
    verdict "$check" "$why$(recovers "$folder")" "$err"
done
ranks=3

# Two jobs at once
if wanted "two jobs at once: the second is refused; another learner alone is not"; then
    begin "$scratch/locked"
    until_logged 'extreme 2/'
    first=$job first_rank=$(rank 0)
    "$program" --work "$scratch/locked" --seeds 1,2 "${options[@]}" >"$scratch/second" 2>&1 </dev/null
    code=$?
    why=$([ "$code" -eq 2 ] || echo "exit code $code; ")
    grep -q 'another job is working on these results' "$scratch/second" && grep -q "process $first_rank on" "$scratch/second" || why+="the first is not named; "
    "$program" --work "$scratch/locked" --seeds 2 --learners-only "${options[@]}" -q >"$scratch/second" 2>&1 </dev/null
    code=$?
    [ "$code" -eq 0 ] || why+="another learner: exit code $code; "
    job=$first
    await
    [ "$code" -eq 0 ] || why+="the first ended with $code; "
    verdict "$check" "$why$(recovers "$scratch/locked")" "$scratch/second" "$err"
fi

# Its lock taken away: it had stood still, another job took over. A holder looks every 5 s.
if wanted "a job whose lock was taken away stops"; then
    begin "$scratch/robbed" --set extreme.num_epochs=4000
    until_logged 'extreme 5/'
    rm "$scratch/robbed/$results/v_0_1/run.lock"
    await
    why=$([ "$code" -eq 2 ] || echo "exit code $code; ")$(said '^error: .*run.lock: the lock of this run was taken away')$(left "$scratch/robbed")
    verdict "$check" "$why" "$err"
fi

# A rank of another build
if wanted "a rank of another build is refused"; then
    cp "$program" "$scratch/$name" && printf 'x' >>"$scratch/$name"
    "${launcher[@]}" -np 2 "$program" --work "$scratch/builds" --seeds 1 "${options[@]}" : -np 1 "$scratch/$name" --work "$scratch/builds" \
        --seeds 1 "${options[@]}" >"$out" 2>"$err" </dev/null
    code=$?
    why=$([ "$code" -eq 2 ] || echo "exit code $code; ")$(said '^error: rank 2 on .*different builds')
    [ ! -e "$scratch/builds/models" ] || why+="it began; "
    verdict "$check" "$why" "$err"
fi

# A loss that is no number, from the first of many steps on, with a checkpoint due at every look
if wanted "a loss that is no number stops the job, with the step"; then
    tr '\0' '\177' </dev/zero | head -c $((400 * 300 * 4)) >"$scratch/huge"
    header="{'descr': '<f4', 'fortran_order': False, 'shape': (400, 300), }"
    { printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "$header" && cat "$scratch/huge"; } >"$data/Small/huge.npy"
    begin "$scratch/nan" --set reranker.init=token_embeddings --set reranker.embeddings=huge.npy --set reranker.batch_size=32 --checkpoint-minutes 0.0001
    await
    why=$([ "$code" -eq 4 ] || echo "exit code $code; ")$(left "$scratch/nan")
    why+=$(said 'seed 1, epoch 1, step 1: the loss of module reranker' 'lower reranker.learning_rate')
    ls -d "$scratch/nan/$models/v_0_1"/ckpt_extreme_40_* >/dev/null 2>&1 || why+="the checkpoint of module III is gone; "
    ! ls -d "$scratch/nan/$models/v_0_1"/ckpt_reranker_* >/dev/null 2>&1 || why+="there is a checkpoint of nonsense; "
    verdict "$check" "$why" "$err"
fi

# The loss of the last step is a number; its update is none.
if wanted "weights that the last step ruins are no model"; then
    mkdir -p "$data/Big"
    for part in trn tst; do
        cp "$data/Small/${part}_X_Y.txt" "$data/Big"
        sed -E '2,$ s/:([0-9.]+)/:\1e24/g' "$data/Small/${part}_X_Xf.txt" >"$data/Big/${part}_X_Xf.txt"
    done
    big=(--configs configs --data "$data" --dataset Big --work "$scratch/big" --framework DeepXML-OVA --seeds 1 --threads 1)
    big+=(--set global.embedding_dims=8 --set extreme.init=random --set extreme.normalize=false --set extreme.batch_size=400)
    "${launcher[@]}" -np 3 "$program" "${big[@]}" --set extreme.num_epochs=1 >"$out" 2>"$err" </dev/null
    code=$?
    why=$([ "$code" -eq 4 ] || echo "exit code $code; ")$(said 'seed 1: the weights of module extreme are no longer numbers')
    [ -z "$(find "$scratch/big" -name model.json -o -name 'ckpt_*' 2>/dev/null)" ] || why+="something was stored; "
    verdict "$check" "$why" "$err"
fi

# A disk that breaks while checkpoints or results are written, a coordinator that stops there, a clock that jumps
if cc -shared -fPIC -o "$scratch/eio.so" Tests/mpi/shims/eio.c -ldl && cc -shared -fPIC -o "$scratch/clock.so" Tests/mpi/shims/clock.c -ldl; then
    for moment in "2 writes of ckpt_extreme_" "0 writes of predictions.h5" "0 writes of metrics.json" "0 writes of results/cache" \
        "0 syncs of predictions.h5" "0 syncs of metrics.json" "0 syncs of results/cache"; do
        wanted "a disk error after $moment" || continue
        folder=$scratch/broken place=${moment##* }
        rm -rf "$folder"
        environment=("LD_PRELOAD=$scratch/eio.so" "EIO_PATH=$place" "EIO_AFTER=${moment%% *}")
        [[ $moment != *syncs* ]] || environment+=(EIO_SYNC=1)
        run "$folder"
        environment=(A=b)
        why=$([ "$code" -eq 4 ] || echo "exit code $code; ")$(said "$place" 'Input/output error|could not')$(left "$folder")
        verdict "$check" "$why$(recovers "$folder")" "$err"
    done

    # When all workers are done, they still watch the coordinator.
    if wanted "a coordinator that stands still at the end is named"; then
        environment=("LD_PRELOAD=$scratch/eio.so" EIO_PATH=metrics.json EIO_STOP=1)
        run "$scratch/ending" --silence-timeout 2
        environment=(A=b)
        why=$([ "$code" -eq 75 ] || echo "exit code $code; ")$(said '^error: rank 0 on .*: the coordinator has not been heard of for')$(left "$scratch/ending")
        verdict "$check" "$why$(recovers "$scratch/ending")" "$err"
    fi

    if wanted "a wall clock that jumps by days"; then
        environment=("LD_PRELOAD=$scratch/clock.so")
        begin "$scratch/clock" --checkpoint-minutes 0.01 --silence-timeout 5
        await
        seconds=$(sed -nE 's/.*"wall_seconds" : ([-0-9.]+).*/\1/p' "$scratch/clock/$results/v_0/metrics.json")
        environment=(A=b)
        why=$([ "$code" -eq 0 ] || echo "exit code $code; ")
        awk -v s="$seconds" 'BEGIN { exit !(s > 0 && s < 120) }' || why+="it took $seconds s by its own account; "
        verdict "$check ($seconds s)" "$why$(recovers "$scratch/clock")" "$err"
    fi
else
    fail "what needs shims/" "no C compiler: install g++"
fi

# Results that can't be written: before the training, even where a job has left its cache there
if wanted "a file system that is read-only"; then
    mkdir -p "$scratch/readonly/results"
    cp -r "$scratch/reference/results/cache" "$scratch/readonly/results"
    if mount --bind "$scratch/readonly" "$scratch/readonly" 2>/dev/null && mount -o remount,bind,ro "$scratch/readonly"; then
        trap 'umount "$scratch/readonly" 2>/dev/null; clean_up' EXIT
        run "$scratch/readonly"
        why=$([ "$code" -eq 2 ] || echo "exit code $code; ")$(said "^error: $scratch/readonly/results" 'Read-only file system')
        mount -o remount,bind,rw "$scratch/readonly"
        why+=$(recovers "$scratch/readonly")
        umount "$scratch/readonly"
        verdict "$check" "$why" "$err"
    else
        echo "skipped a read-only file system: it can't be mounted here"
    fi
fi

# Data or config changed between runs
for change in "other data" "another config"; do
    wanted "a checkpoint of $change is refused" || continue
    folder=$scratch/changed
    rm -rf "$folder"
    begin "$folder"
    until_logged 'extreme 5/'
    kill -USR1 "$job"
    await
    why=$([ "$code" -eq 75 ] || echo "exit code $code; ")
    cp "$data/Small/trn_X_Xf.txt" "$scratch/kept"
    if [ "$change" = "other data" ]; then
        sed -i '2s/:0/:1/' "$data/Small/trn_X_Xf.txt"
        run "$folder"
        why+=$(said 'differs in .*data set')
    else
        run "$folder" --set extreme.learning_rate=0.02
        why+=$(said 'learning_rate')
    fi
    why+=$([ "$code" -eq 2 ] || echo "changed: exit code $code; ")
    cp "$scratch/kept" "$data/Small/trn_X_Xf.txt"
    verdict "$check" "$why$(recovers "$folder")" "$err"
done

# Memory that is not granted: by a limit that no estimate can see, and by a control group
if wanted "memory that is refused names the rank"; then
    wide=(--set global.embedding_dims=3000 --set surrogate.batch_size=60000 --set extreme.batch_size=30000)
    (ulimit -v 700000 && exec "${launcher[@]}" -np "$ranks" "$program" --work "$scratch/memory" --seeds 1 "${options[@]}" "${wide[@]}") \
        >"$out" 2>"$err" </dev/null
    code=$?
    why=$([ "$code" -eq 4 ] || echo "exit code $code; ")$(left "$scratch/memory")
    grep -Eq '^error: rank [12] on .*: out of memory' "$err" || why+="the rank is not named; "
    verdict "$check" "$why" "$err"
fi
if wanted "a control group with too little memory is seen before the run"; then
    group=/sys/fs/cgroup/memory/deepxml-faults.$$
    if mkdir "$group" 2>/dev/null && echo $((100 << 20)) >"$group/memory.limit_in_bytes"; then
        (echo "$BASHPID" >"$group/cgroup.procs" && exec "${launcher[@]}" -np "$ranks" "$program" --work "$scratch/memory" --seeds 1 \
            "${options[@]}") >"$out" 2>"$err" </dev/null
        code=$?
        why=$([ "$code" -eq 4 ] || echo "exit code $code; ")$(said 'the run needs more memory than node' 'MiB available')
        [ ! -e "$scratch/memory/models" ] || why+="it began; "
        verdict "$check" "$why" "$err"
        for ((tries = 0; tries < 50; tries++)); do rmdir "$group" 2>/dev/null && break; sleep 0.1; done
    else
        echo "skipped a control group: none of version 1 can be made here"
    fi
fi
finish
