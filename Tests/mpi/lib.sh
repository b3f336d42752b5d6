# Sourced by the checks of the whole job: the program, its launcher, a small data set, and counting of checks.
# A check is one line; `finish` prints the sums and gives the script's exit code.
# shellcheck shell=bash disable=SC2034,SC2154 # variables are for and of who sources this
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
repository=$PWD
program=${DEEPXML_DIST:-$repository/.build/release/deepxml-dist}
[ -x "$program" ] || { echo "FAILED  $program is missing: swift build -c release"; exit 1; }
# Containers run as root, and more ranks than cores are wanted here.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# With PoCL installed, hwloc's OpenCL plugin takes SIGUSR1 away from mpirun (launch/env says more).
export HWLOC_COMPONENTS=${HWLOC_COMPONENTS:--opencl}
launcher=(mpirun -q --oversubscribe --bind-to none --mca mpi_yield_when_idle 1)
scratch=$(mktemp -d)
passed=0 failed=0

clean_up() { cd / && rm -rf "$scratch"; }
trap clean_up EXIT

pass() { passed=$((passed + 1)); echo "ok      $1"; }

# fail NAME WHY [FILE...]: the files' ends are shown.
fail() {
    failed=$((failed + 1))
    echo "FAILED  $1: $2"
    shift 2
    for file in "$@"; do [ -f "$file" ] && tail -n 15 "$file" | sed 's/^/    | /'; done
}

# wanted NAME: whether the check of this name, then $check, is to be made: all are, or those whose names hold DEEPXML_CHECKS.
wanted() { check=$1; [[ $1 == *"${DEEPXML_CHECKS:-}"* ]]; }

# verdict NAME WHY [FILE...]: passes where WHY is empty.
verdict() { if [ -z "$2" ]; then pass "$1"; else fail "$@"; fi; }

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

# small_dataset FOLDER DOCUMENTS TEST_DOCUMENTS TOKENS LABELS: the four files of the XC layout. Documents belong to topics,
# which choose most of their tokens and labels, so that there is something to learn. The generator of random numbers is
# Lehmer's (Park and Miller 1988): exact in awk's doubles, so that every awk writes the same bytes.
small_dataset() {
    mkdir -p "$1"
    awk -v folder="$1" -v train="$2" -v test="$3" -v tokens="$4" -v labels="$5" '
        function draw(below) { state = (state * 16807) % 2147483647; return state % below }
        function row(chosen, count, form,    i, j, keys, line) {
            j = 0
            for (i = 0; i < count; i++) if (i in chosen) line = line (j++ ? " " : "") i ":" sprintf(form, chosen[i])
            return line
        }
        function documents(name, n,    i, k, topic, topics, x, y) {
            features = folder "/" name "_X_Xf.txt"; truth = folder "/" name "_X_Y.txt"
            print n, tokens > features; print n, labels > truth
            topics = int((labels + 3) / 4)
            for (i = 0; i < n; i++) {
                topic = draw(topics)
                split("", x); split("", y)
                for (k = 0; k < 8; k++) x[(topic * 7 + draw(9)) % tokens] = 0.5 + draw(1000) / 1000
                for (k = 0; k < 3; k++) x[draw(tokens)] = 0.1 + draw(1000) / 2000
                for (k = 0; k < 2; k++) y[(topic * 4 + draw(4)) % labels] = 1
                y[draw(labels)] = 1
                print row(x, tokens, "%.4f") > features
                print row(y, labels, "%d") > truth
            }
            close(features); close(truth)
        }
        BEGIN { state = 20251; documents("trn", train); documents("tst", test) }' </dev/null
}

# sequences FOLDER: trn_X_seq.txt and tst_X_seq.txt: each document's tokens from the last to the first, the last one twice.
sequences() {
    local name
    for name in trn tst; do
        awk 'NR == 1 { print; next } { line = ""; for (i = NF; i > 0; i--) { split($i, pair, ":"); line = line pair[1] ":1 " (i == NF ? pair[1] ":1 " : "") }
            print substr(line, 1, length(line) - 1) }' "$1/${name}_X_Xf.txt" >"$1/${name}_X_seq.txt"
    done
}

# Settings for the small data set. Dimensions and batches are the real ones, shortlists are shorter than all labels (else
# the re-ranker would have nothing to do, see ModuleConfig.padShortlists), and few epochs have to be enough to learn. A framework
# that is named after them takes the place of this one.
small_settings=(
    --framework DeepXML
    --set surrogate.init=random --set reranker.init=random --set global.surrogate_threshold=64 --set extreme.num_nbrs=100
    --set extreme.learning_rate=0.03 --set reranker.learning_rate=0.03
)

# figures METRICS.JSON: all of it but times, memory, devices and the number of ranks, one number or list a line.
figures() {
    awk '
        /^ *"seconds" : \{/ { inside = 1 }
        /^  "devices" : \[/ { devices = 1 }
        devices { if (/^  \]/) devices = 0; next }
        !inside && !/"(wall_seconds|peak_rss_mib|comm_seconds|ranks|workers|groups)" :/ { print }
        inside && /\}/ { inside = 0 }' "$1"
}

# until_said PATTERN: waits until the job $job has logged it to $err, or has ended.
until_said() { until grep -q "$1" "$err" || ! kill -0 "$job" 2>/dev/null; do sleep 0.005; done; }

# flip_byte FILE: changes one bit of the byte in its middle.
flip_byte() {
    local at=$(($(stat -c %s "$1") / 2)) byte
    byte=$(od -An -tu1 -j "$at" -N 1 "$1")
    # shellcheck disable=SC2059 # the byte is the format
    printf "\\x$(printf %02x $((byte ^ 64)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}

# a_rank LAUNCHER: one of the ranks of the job that this process has started.
a_rank() {
    local pid
    for pid in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = deepxml-dist ] && echo "$pid" && return
    done
}
