#!/bin/bash
# Checks of the transport under mpirun; one line a check, exit code 1 where any fails. Run after
# `swift build -c release --product mpi-checks`.
set -u
cd "$(dirname "$0")/../.." || exit 1
checks=${MPI_CHECKS:-.build/release/mpi-checks}
# Containers run as root, and more ranks than cores are wanted here.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
output=$(mktemp)
trap 'rm -f "$output"' EXIT
failures=0

# run NAME EXPECTED_CODE RANKS MODE: passes where mpirun ends with the code within five minutes.
run() {
    local name=$1 expected=$2 ranks=$3 mode=$4 code
    timeout 300 mpirun -np "$ranks" "$checks" "$mode" >"$output" 2>&1
    code=$?
    sed -n "s/^/    n=$ranks  /p" <(grep -vE '^ok: |^-+$|MPI_ABORT|^$|NOTE: invoking|You may or may not|exactly when|with errorcode' "$output")
    if [ "$code" -eq "$expected" ]; then
        echo "ok      n=$ranks  $name"
    else
        echo "FAILED  n=$ranks  $name: exit code $code, expected $expected"
        cat "$output"
        failures=$((failures + 1))
    fi
}

[ -x "$checks" ] || { echo "FAILED  $checks is missing: swift build -c release --product mpi-checks"; exit 1; }
for ranks in 1 2 3 5 8; do run "exchange, posts, collectives, splits, tree reduction" 0 "$ranks" all; done
for ranks in 2 3; do
    run "an error in one rank ends all, with its exit code" 3 "$ranks" error
    run "abort's code is mpirun's exit code" 75 "$ranks" abort
done
run "sizes that differ are an error" 0 2 sizes
for ranks in 2 3; do run "a waiting rank leaves its core to others" 0 "$ranks" waiting; done
for ranks in 1 2 3; do run "latency" 0 "$ranks" latency; done
run "latency between two workers beside a coordinator" 0 3 workers
if [ "$(awk '/MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)" -ge 8 ]; then
    run "a message longer than 2^31-1 bytes" 0 2 long
else
    echo "skipped n=2  a message longer than 2^31-1 bytes: needs 8 GiB of free memory"
fi
exit $((failures > 0))
