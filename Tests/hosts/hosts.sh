# Sourced by the checks of jobs on two hosts: name spaces of this machine, each with its own network, host name, shared memory and work
# folder, and beta with process numbers of its own. mpirun on alpha starts ranks on beta through Tests/hosts/agent, which stands in for
# ssh; messages go over TCP. Needs root with the right to make name spaces; exit code 77 where that is missing. Wants of its user:
# out, err (files), options (of the job).
# shellcheck shell=bash disable=SC2034,SC2154 # variables of and for who sources this
. "$(dirname "${BASH_SOURCE[0]}")/../mpi/lib.sh"
export HOSTS_FOLDER=$scratch/hosts
mkdir -p "$HOSTS_FOLDER" "$scratch"/{own,own.alpha,own.beta,shared}
if ! { command -v ip && command -v tc && command -v nsenter; } >/dev/null || ! unshare --net --uts --mount --pid --fork true 2>/dev/null; then
    echo "skipped: two hosts need root, iproute2 and the right to make network name spaces"
    exit 77
fi
keepers=()

# Ends the two hosts with all that runs on them: their first processes were started here.
end_hosts() {
    local pid
    for pid in "${keepers[@]}"; do kill -KILL "$pid" 2>/dev/null; done
    wait 2>/dev/null
    clean_up
}
trap end_hosts EXIT

printf '127.0.0.1 localhost\n10.77.0.1 alpha\n10.77.0.2 beta\n' >"$HOSTS_FOLDER/names"
# host NAME UNSHARE_OPTION...: a host that lives as long as its first process.
host() {
    local name=$1 child tries
    shift
    unshare --net --uts --mount --kill-child --fork "$@" sh -c '
        hostname "$1" && mount --bind "$2/names" /etc/hosts && mount --bind "$3/own.$1" "$3/own" &&
        mount -t tmpfs tmpfs /dev/shm && ip link set lo up && : >"$2/$1.ready" && exec sleep infinity' \
        sh "$name" "$HOSTS_FOLDER" "$scratch" &
    keepers+=($!)
    for ((tries = 0; tries < 100; tries++)); do [ -e "$HOSTS_FOLDER/$name.ready" ] && break; sleep 0.05; done
    child=$(cat "/proc/$!/task/$!/children")
    echo "${child% }" >"$HOSTS_FOLDER/$name.pid"
}
host alpha
host beta --pid --mount-proc
pid_of() { cat "$HOSTS_FOLDER/$1.pid"; }
# Alpha has the process numbers of this machine, so that what runs there can enter beta.
on_alpha() { nsenter --target "$(pid_of alpha)" --net --uts --mount -- "$@"; }
on_beta() { nsenter --target "$(pid_of beta)" --net --uts --mount --pid -- "$@"; }

ip link add left0 netns "$(pid_of alpha)" type veth peer name right0 netns "$(pid_of beta)"
on_alpha ip addr add 10.77.0.1/24 dev left0 && on_alpha ip link set left0 up
on_beta ip addr add 10.77.0.2/24 dev right0 && on_beta ip link set right0 up
network=10.77.0.0/24 before=()

# on_both RANKS OPTION...: the job on both hosts, behind the command `before`; its exit code is $code.
on_both() {
    local ranks=$1
    shift
    timeout -k 1 "${limit:-120}" nsenter --target "$(pid_of alpha)" --net --uts --mount -- \
        "${launcher[@]}" --hostfile "$repository/hostfiles/two-namespaces" -np "$ranks" --mca plm rsh --mca plm_rsh_agent "$repository/Tests/hosts/agent" \
        --mca btl tcp,vader,self --mca btl_tcp_if_include "$network" --mca oob_tcp_if_include "$network" \
        --mca odls_base_sigkill_timeout 1 -x OMPI_ALLOW_RUN_AS_ROOT -x OMPI_ALLOW_RUN_AS_ROOT_CONFIRM \
        "${before[@]}" "$program" "${options[@]}" "$@" >"$out" 2>"$err" </dev/null
    code=$?
}
