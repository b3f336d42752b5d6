#!/usr/bin/env bash
# GPUs of two hosts (hosts.sh), each with devices of its own, of the stand-in for NVIDIA's driver (Tests/gpu/standin): who takes which, the
# CPU's bits, and a device that is lost on the other host.
. "$(dirname "${BASH_SOURCE[0]}")/hosts.sh"
out=$scratch/out err=$scratch/err
if ! standin=$(Tests/gpu/standin/build 2>"$err"); then
    fail 'the stand-in is built' 'no' "$err"
    finish
fi
small_dataset "$scratch/data/Small" 600 120 300 240
options=(
    --configs "$repository/configs" --data "$scratch/data" --dataset Small --seeds 1 --threads 1 --predictions npz --framework DeepXML-OVA
    --set extreme.init=random --set extreme.num_epochs=4
)
score=results/DeepXML-OVA/AstecPlain/Small/v_0_1/score.npz

# What a rank is started through: `devices` names each host's number of devices, `more` sets further variables.
before=("$scratch/rank")
on_hosts() {
    local alpha=$1 beta=$2
    shift 2
    cat >"$scratch/rank" <<RANK
#!/bin/sh
case \$(hostname) in alpha) devices=$alpha ;; *) devices=$beta ;; esac
exec env DEEPXML_CUDA_LIBRARY="$standin/libcuda.so.1" DEEPXML_NVRTC_LIBRARY="$standin/libnvrtc.so.12" OCL_ICD_VENDORS="$scratch" \\
    XDG_CACHE_HOME="$scratch/shared/cache" STANDIN_DEVICES=\$devices ${more:-} "\$@"
RANK
    chmod +x "$scratch/rank"
    on_both 5 --work "$scratch/shared/work" "$@"
}

# A host has a file of NVIDIA's driver in its /dev: a folder of its own, with all that this machine's has.
show_file() {
    nsenter --target "$(pid_of "$1")" --mount -- sh -c '
        mkdir -p "$1" && mount -t tmpfs tmpfs "$1" && cd /dev && for file in *; do
            if [ -L "$file" ]; then cp -P "$file" "$1"
            elif [ -d "$file" ]; then mkdir "$1/$file" && mount --rbind "$file" "$1/$file"
            else : >"$1/$file" && mount --bind "$file" "$1/$file"; fi
        done && : >"$1/nvidiactl" && cd / && mount --move "$1" /dev' sh "$scratch/dev"
}

says() { for text in "$@"; do grep -Eq -- "$text" "$out" "$err" || echo "nothing of \"$text\"; "; done; }
exits() { [ "$code" -eq "$1" ] || echo "exit code $code, not $1; "; }
alone() { ! grep -q 'share one' "$out" "$err" || echo 'they share; '; }

on_hosts 2 2 --device gpu --dry-run
verdict 'two devices on each host, a worker each' "$(exits 0)$(alone)$(says 'rank 1 on alpha: Stand-in GPU \(CUDA 0\)' \
    'rank 2 on alpha: .*\(CUDA 1\)' 'rank 3 on beta: .*\(CUDA 0\)' 'rank 4 on beta: .*\(CUDA 1\)' 'device: 4 workers on')" "$out" "$err"
on_hosts 4 1 --device gpu --dry-run
verdict 'one device on beta: its workers share it' "$(exits 0)$(says 'rank 2 on alpha: .*\(CUDA 1\)' 'rank 3 on beta: .*\(CUDA 0\)' \
    'rank 4 on beta: .*\(CUDA 0\)' 'up to 2 workers share one')" "$out" "$err"
on_hosts 2 0 --device gpu --dry-run
verdict 'none on beta: refused' "$(exits 4)$(says 'there is no GPU for rank 3' 'on beta')" "$err"
on_hosts 1 2 --device gpu:1 --dry-run
verdict 'a number that alpha has not' "$(exits 4)$(says 'no device of this number' '1 device on alpha')" "$err"

on_hosts 2 2 --device auto --dry-run
verdict 'auto, without a file of the driver: CPUs' "$(exits 0)$(grep -q 'Stand-in' "$out" "$err" && echo 'a device is named')" "$out" "$err"
if show_file alpha && show_file beta; then
    on_hosts 2 2 --device auto --dry-run
    verdict 'auto: a GPU for each worker' "$(exits 0)$(alone)$(says 'rank 4 on beta: .*\(CUDA 1\)' 'device: 4 workers on')" "$out" "$err"
    on_hosts 2 1 --device auto --dry-run
    verdict 'auto: one too few' "$(exits 0)$(says "device: CPUs, as there isn't a GPU for each worker")" "$out" "$err"
else
    fail 'auto' "/dev can't be put in place"
fi

on_hosts 2 2 --device gpu --checkpoint-every 1
why=$(exits 0)
"$program" --work "$scratch/cpu" "${options[@]}" --device cpu >"$out" 2>"$err"
cmp -s "$scratch/cpu/$score" "$scratch/shared/work/$score" || why+="the scores differ; "
verdict 'a learner on both hosts: the bits of one CPU' "$why" "$err"

rm -rf "$scratch/shared/work"
more='STANDIN_LOST=150 STANDIN_RANK=4' on_hosts 2 2 --device gpu --set extreme.num_epochs=30 --checkpoint-every 1
verdict 'a device that is lost on beta' "$(exits 75)$(says 'rank 4 on beta: .*the device was lost')" "$err"
finish
