#!/bin/bash
# Whole learners under mpirun against one worker thread: one line a check, exit code 1 where any fails. Run after
# `swift build -c release --product worker-checks`.
set -u
cd "$(dirname "$0")/../.." || exit 1
checks=${WORKER_CHECKS:-.build/release/worker-checks}
# Containers run as root, and more ranks than cores are wanted here.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

[ -x "$checks" ] || { echo "FAILED  $checks is missing: swift build -c release --product worker-checks"; exit 1; }
for ranks in 2 3 4 6 9; do
    if timeout -k 5 300 mpirun -np "$ranks" "$checks" "$folder/$ranks" >"$folder/output" 2>"$folder/errors"; then
        grep '^outcome' "$folder/output" | sed "s/^outcome/ok      n=$ranks /"
    else
        echo "FAILED  n=$ranks  exit code $?"
        grep -E '^outcome|^  differs' "$folder/output"
        cat "$folder/errors"
        failures=$((failures + 1))
    fi
done
exit $((failures > 0))
