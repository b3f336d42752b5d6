#!/usr/bin/env bash
# A job on two hosts (hosts.sh): the same bits over a fast and a slow network, and what goes wrong between hosts.
. "$(dirname "${BASH_SOURCE[0]}")/hosts.sh"
why=""
[ "$(on_alpha hostname) $(on_beta hostname)" = "alpha beta" ] || why+="host names; "
[ "$(on_beta getent hosts alpha | awk '{ print $1 }')" = 10.77.0.1 ] || why+="addresses; "
on_alpha touch "$scratch/own/of-alpha"
[ -z "$(on_beta ls "$scratch/own")" ] || why+="the work folders are one; "
verdict "two hosts with their own network, name and folders" "$why"

data=$scratch/data out=$scratch/out err=$scratch/err results=results/DeepXML/Astec/Small
small_dataset "$data/Small" 765 150 400 300
options=(
    --configs "$repository/configs" --data "$data" --dataset Small --threads 1 "${small_settings[@]}"
    --set surrogate.num_epochs=3 --set reranker.num_epochs=3
)
epochs=4

across() { on_both "$1" --set extreme.num_epochs="$epochs" "${@:2}"; }

# same WORK: what of its results is not the reference's.
same() {
    local file
    [ "$code" -eq 0 ] || echo "exit code $code; "
    [ "$(figures "$1/$results/v_0/metrics.json" 2>&1)" = "$(figures "$scratch/reference/$results/v_0/metrics.json")" ] || echo "metrics.json differs; "
    for file in v_0/score.npz v_0_1/score.npz; do
        cmp -s "$1/$results/$file" "$scratch/reference/$results/$file" || echo "$file differs; "
    done
}

# waited WORK: the seconds that ranks waited for messages, of metrics.json.
waited() { sed -nE 's/.*"comm_seconds" : \[(.*)\].*/\1/p' "$1/$results/v_0/metrics.json"; }

"${launcher[@]}" -np 3 "$program" --work "$scratch/reference" --seeds 1 --set extreme.num_epochs="$epochs" "${options[@]}" >"$out" 2>"$err" </dev/null
code=$?
verdict "the reference, on one host" "$([ "$code" -eq 0 ] || echo "exit code $code")" "$err"

if wanted "each rank is counted on its own host"; then
    across 5 --work "$scratch/shared/plan" --seeds 1 --dry-run
    why=$([ "$code" -eq 0 ] || echo "exit code $code; ")
    for text in '5 ranks on 2 nodes' 'node alpha: .* data shared by ranks 0.2;' 'node beta: .* data shared by ranks 3, 4;'; do
        grep -Eq "$text" "$out" || why+="no \"$text\"; "
    done
    verdict "$check" "$why" "$out" "$err"
fi

if wanted "5 ranks on two hosts: the same bits"; then
    across 5 --work "$scratch/shared/fast" --seeds 1
    why=$(same "$scratch/shared/fast")
    grep -q 'waited for messages: rank 1 .* rank 4 ' "$out" || why+="the seconds of waiting are not said; "
    [ "$(waited "$scratch/shared/fast" | tr ',' '\n' | awk '$1 > 0' | wc -l)" -eq 4 ] || why+="comm_seconds $(waited "$scratch/shared/fast"); "
    verdict "$check; waited $(waited "$scratch/shared/fast") s" "$why" "$out" "$err"
fi

epochs=5000
# The data set: each rank maps the one file, and no rank has pages of it for itself.
if wanted "the data set is one file that all ranks map, without a copy"; then
    : >"$err"
    across 5 --work "$scratch/shared/mapped" --seeds 1 &
    job=$!
    for ((tries = 0; tries < 300; tries++)); do grep -q 'extreme 5/' "$err" 2>/dev/null && break; sleep 0.1; done
    ranks=() why=""
    for pid in $(pgrep -f -- "--work $scratch/shared/mapped"); do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$(basename "$program")" ] && ranks+=("$pid")
    done
    [ "${#ranks[@]}" -eq 5 ] || why+="${#ranks[@]} ranks; "
    files=$(for pid in "${ranks[@]}"; do awk '/\/results\/cache\/.*xcd/ { print $5 }' "/proc/$pid/maps" | sort -u; done | sort | uniq -c)
    [ "$(awk '{ print $1 }' <<<"$files")" = 5 ] || why+="mapped files: $files; "
    own=$(for pid in "${ranks[@]}"; do awk '/^[0-9a-f]+-/ { cache = /\.xcd/ } cache && /^(Anonymous|Private_Dirty):/ { sum += $2 } END { print sum + 0 }' "/proc/$pid/smaps"; done | sort -u)
    [ "$own" = 0 ] || why+="KiB of a rank's own: $own; "
    verdict "$check" "$why" "$err"
    [ "${#ranks[@]}" -eq 0 ] || kill -USR1 "${ranks[0]}"
    wait "$job"
fi

# A rank on beta that stands still is named; the job ends, with nothing left, and goes on.
if wanted "a rank that stands still on the other host is named"; then
    : >"$err"
    across 5 --work "$scratch/shared/silent" --seeds 1 --silence-timeout 3 &
    job=$!
    for ((tries = 0; tries < 300; tries++)); do grep -q 'extreme 5/' "$err" 2>/dev/null && break; sleep 0.1; done
    for pid in $(pgrep -f -- "--work $scratch/shared/silent"); do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$(basename "$program")" ] || continue
        [ "$(readlink "/proc/$pid/ns/uts")" = "$(readlink "/proc/$(pid_of beta)/ns/uts")" ] && kill -STOP "$pid" && break
    done
    wait "$job"
    why=""
    grep -Eq 'rank [34] on beta: a worker has not been heard of for' "$err" || why+="the rank is not named; "
    sleep 1
    left=$(for pid in $(pgrep -f -- "--work $scratch/shared/silent"); do [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$(basename "$program")" ] && echo "$pid"; done)
    [ -z "$left" ] || why+="left behind: $left; "
    verdict "$check" "$why" "$err"
fi

# Two jobs on the same shared folder, one on each host.
mkdir -p "$scratch/shared/locked"
nsenter --target "$(pid_of beta)" --net --uts --mount --pid -- "$program" --work "$scratch/shared/locked" --seeds 1 \
    --set extreme.num_epochs=5000 "${options[@]}" >"$scratch/first" 2>&1 </dev/null &
job=$!
for ((tries = 0; tries < 300; tries++)); do grep -q 'extreme 5/' "$scratch/first" 2>/dev/null && break; sleep 0.1; done
if wanted "a second job, on another host, is refused"; then
    on_alpha "$program" --work "$scratch/shared/locked" --seeds 1 --set extreme.num_epochs=5000 "${options[@]}" >"$out" 2>"$err" </dev/null
    code=$?
    why=$([ "$code" -eq 2 ] || echo "exit code $code; ")
    grep -q 'another job is working on these results' "$err" && grep -Eq 'process [0-9]+ on beta' "$err" || why+="beta is not named; "
    verdict "$check" "$why" "$err"
fi
for pid in $(pgrep -f -- "--work $scratch/shared/locked"); do [ "$(cat "/proc/$pid/comm")" = "$(basename "$program")" ] && kill -KILL "$pid"; done
wait "$job" 2>/dev/null
if wanted "a lock of the other host whose holder was killed is taken over after 30 s"; then
    : >"$err"
    on_alpha timeout 60 "$program" --work "$scratch/shared/locked" --seeds 1 --set extreme.num_epochs=5000 "${options[@]}" >"$out" 2>"$err" </dev/null &
    job=$!
    for ((tries = 0; tries < 500; tries++)); do grep -q 'goes on from checkpoint' "$err" && break; sleep 0.1; done
    why=""
    grep -q 'has not changed for 30 s: taking it over' "$err" || why+="no take-over; "
    grep -q 'goes on from checkpoint' "$err" || why+="it did not go on; "
    for pid in $(pgrep -f -- "--work $scratch/shared/locked"); do [ "$(cat "/proc/$pid/comm")" = "$(basename "$program")" ] && kill -USR1 "$pid"; done
    wait "$job"
    verdict "$check" "$why" "$err"
fi

epochs=4
# A work folder that only alpha has
if wanted "a work folder that is not shared is refused"; then
    across 5 --work "$scratch/own/job" --seeds 1
    why=$([ "$code" -eq 2 ] || echo "exit code $code; ")
    grep -Eq 'rank [34] on beta: .*own/job/results/cache' "$err" && grep -q 'all hosts see' "$err" || why+="not said what is wrong; "
    verdict "$check" "$why" "$err"
fi

# 5 ms and 100 Mbit/s: by the kernel where it can, else over tun devices and a process that carries the packets.
how="tc netem"
if on_alpha tc qdisc add dev left0 root netem delay 5ms rate 100mbit 2>/dev/null; then
    on_beta tc qdisc add dev right0 root netem delay 5ms rate 100mbit
elif [ -e /dev/net/tun ]; then
    how="a tun device, as this kernel has no netem"
    "$repository/Tests/hosts/slow_link.py" "$(pid_of alpha)" "$(pid_of beta)" 5 100 >"$scratch/link" 2>&1 &
    keepers+=($!)
    for ((tries = 0; tries < 50; tries++)); do grep -q ready "$scratch/link" 2>/dev/null && break; sleep 0.1; done
    on_alpha ip link set left0 down
    on_beta ip link set right0 down
    on_alpha ip addr add 10.78.0.1/24 dev slow0 && on_alpha ip link set slow0 up mtu 1500
    on_beta ip addr add 10.78.0.2/24 dev slow0 && on_beta ip link set slow0 up mtu 1500
    sed -i 's/10\.77/10.78/' "$HOSTS_FOLDER/names"
    network=10.78.0.0/24
else
    how=""
    echo "skipped a slow network: neither tc netem nor tun devices here"
fi
if [ -n "$how" ] && wanted "5 ms and 100 Mbit/s ($how): the same bits"; then
    limit=300 across 5 --work "$scratch/shared/slow" --seeds 1
    why=$(same "$scratch/shared/slow")
    grep -q 'waited for messages: rank 1' "$out" || why+="the seconds of waiting are not said; "
    verdict "$check; waited $(waited "$scratch/shared/slow") s" "$why" "$out" "$err"
fi
finish
