#!/usr/bin/env bash
# CUDA devices under mpirun, on the stand-in for NVIDIA's driver and compiler (Tests/gpu/standin), which runs the kernels on the CPU: whole
# small learners with the CPU's bits, and by tensor cores near them, jobs that go on on another device, what fails on a device, and which
# worker takes which.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/ranks.sh"
out=$scratch/out err=$scratch/err
if ! standin=$(Tests/gpu/standin/build 2>"$err"); then
    fail 'the stand-in is built' 'no' "$err"
    finish
fi
# No other driver is to be seen.
export DEEPXML_CUDA_LIBRARY=$standin/libcuda.so.1 DEEPXML_NVRTC_LIBRARY=$standin/libnvrtc.so.12 OCL_ICD_VENDORS=$scratch
export DEEPXML_CUBLASLT_LIBRARY=$standin/libcublasLt.so.12
export XDG_CACHE_HOME=$scratch/cache
unset DEEPXML_OPENCL_CPU CUDA_VISIBLE_DEVICES
small_dataset "$scratch/data/Small" 600 120 300 240
options=(--configs configs --data "$scratch/data" --dataset Small --seeds 1 --threads 1 --predictions npz)
ova=(--framework DeepXML-OVA --set extreme.init=random)
deepxml=(
    --framework DeepXML --set surrogate.init=random --set reranker.init=random --set global.surrogate_threshold=64
    --set extreme.num_nbrs=60 --set surrogate.num_epochs=1 --set extreme.num_epochs=2 --set reranker.num_epochs=1
)
score=results/DeepXML-OVA/AstecPlain/Small/v_0_1/score.npz

# train WORK RANKS [OPTION...]: sets `code`; $environment is added to the job's.
environment=(A=b)
train() {
    local work=$1 ranks=$2
    shift 2
    env "${environment[@]}" timeout 120 "${launcher[@]}" -np "$ranks" "$program" --work "$work" "${options[@]}" "$@" \
        >"$out" 2>"$err" </dev/null
    code=$?
}

# exits CODE: what is wrong with the exit code.
exits() { [ "$code" -eq "$1" ] || echo "exit code $code, not $1; "; }
# says TEXT...: extended regular expressions that neither stream has a line of.
says() { for text in "$@"; do grep -Eq -- "$text" "$out" "$err" || echo "nothing of \"$text\"; "; done; }
# same FILE WORK: whether the file of results is the CPU's.
same() { cmp -s "$2/$1" "$scratch/cpu/$1" || echo "$1 differs; "; }

# tried NAME CODE OPTION... -- TEXT...: a job of one worker, and what it says.
tried() {
    local name=$1 expected=$2 given=()
    shift 2
    wanted "$name" || { environment=(A=b) && return 0; }
    while [ "$1" != -- ]; do given+=("$1") && shift; done
    shift
    rm -rf "$scratch/tried"
    train "$scratch/tried" 2 "${ova[@]}" --set extreme.num_epochs=2 "${given[@]}"
    environment=(A=b)
    verdict "$name" "$(exits "$expected")$(says "$@")" "$err"
}

STANDIN_DEVICES=2 "$program" doctor --work "$scratch" >"$out" 2>"$err"
verdict 'doctor lists devices' "$(says 'GPU 0 .*Stand-in GPU, CUDA 12.8, NVRTC 12.8, compute capability 9.0, 4.00 GiB, 4.00 GiB free, --fast-math with cuBLASLt 12.8' 'GPU 1 ')" "$out" "$err"

# Learners: the CPU's bits
train "$scratch/cpu" 2 --device cpu "${ova[@]}" --set extreme.num_epochs=6
train "$scratch/cpu" 2 --device cpu "${deepxml[@]}"
for framework in DeepXML-OVA DeepXML; do
    settings=("${ova[@]}" --set extreme.num_epochs=6) file=$score
    [ "$framework" = DeepXML ] && settings=("${deepxml[@]}") file=results/DeepXML/Astec/Small/v_0_1/score.npz
    # One rank, on a device that is newer than NVRTC, by PTX; threads from the last to the first; a device for each of two workers
    for how in '1 STANDIN_ARCH=100' '2 STANDIN_ORDER=reverse' '3 STANDIN_DEVICES=2'; do
        ranks=${how% *}
        wanted "$framework, -np $ranks, ${how#* }: the CPU's bits" || continue
        environment=("${how#* }")
        train "$scratch/$framework$ranks" "$ranks" --device gpu "${settings[@]}"
        environment=(A=b)
        verdict "$check" "$(exits 0)$(says 'device: [12] workers? on Stand-in GPU \(CUDA 12.8\)')$(same "$file" "$scratch/$framework$ranks")" "$err"
    done
done
metrics=$scratch/DeepXML3/results/DeepXML/Astec/Small/v_0/metrics.json
if [ -e "$metrics" ] && wanted 'metrics.json names devices and compiler'; then
    why=$([ "$(grep -c '"backend" : "CUDA"' "$metrics")" -eq 2 ] || echo 'not two devices; ')
    verdict "$check" "$why$(grep -q '"compiler" : "NVRTC 12.8"' "$metrics" || echo 'no compiler')" "$metrics"
fi

# Tensor cores (--fast-math): near the exact learner, the same bits each time
# near WORK PATH: whether P@k of an ensemble's metrics.json is within 0.5 of the exact learner's.
near() {
    paste <(precisions "$1/$2/metrics.json") <(precisions "$scratch/cpu/$2/metrics.json") |
        awk '{ n++; d = $1 - $2; if (d > 0.5 || d < -0.5) printf "P@%d is %s, exact %s; ", n, $1, $2 } END { if (n != 5) printf "no P@5; " }'
}
precisions() { awk '/"ensemble" : \{/ { inside = 1 } inside && /"P" :/ { gsub(/[][,]/, " "); for (k = NF - 4; k <= NF; k++) print $k; exit }' "$1"; }
bfloat='bfloat16 products on tensor cores'
for framework in DeepXML-OVA DeepXML; do
    settings=("${ova[@]}" --set extreme.num_epochs=6) path=results/DeepXML-OVA/AstecPlain/Small/v_0
    [ "$framework" = DeepXML ] && settings=("${deepxml[@]}") path=results/DeepXML/Astec/Small/v_0
    check="$framework, --fast-math: near the exact learner, the same bits in two runs, and metrics.json says so"
    wanted "$check" || continue
    for run in 1 2; do
        train "$scratch/fast$run" 2 --device gpu --fast-math "${settings[@]}"
        why=$(exits 0)$(says "device: 1 worker on Stand-in GPU \(CUDA 12.8\); fast math: $bfloat, cuBLASLt 12.8")
        [ -z "$why" ] || break
    done
    cmp -s "$scratch/fast1/${path}_1/score.npz" "$scratch/fast2/${path}_1/score.npz" || why+="two runs differ; "
    ! cmp -s "$scratch/fast1/${path}_1/score.npz" "$scratch/cpu/${path}_1/score.npz" || why+="the CPU's bits; "
    grep -q "\"fast_math\" : \"$bfloat, cuBLASLt 12.8\"" "$scratch/fast1/$path/metrics.json" || why+="not in metrics.json; "
    verdict "$check" "$why$(near "$scratch/fast1" "$path")" "$err"
done
# Without the library, or with one that is of no use
environment=(DEEPXML_CUBLASLT_LIBRARY=none)
tried '--fast-math without cuBLASLt' 0 --device gpu --fast-math -- "fast math: $bfloat\$" 'P@1'
environment=(STANDIN_CUBLASLT_REFUSE_LATE=3)
tried '--fast-math with a library that refuses a product' 0 --device gpu --fast-math -- 'P@1'
environment=(STANDIN_CUBLASLT_NO_START=1)
tried '--fast-math with a library that does not start' 4 --device gpu --fast-math -- 'cuBLASLt 12.8 does not start' 'DEEPXML_CUBLASLT_LIBRARY'
environment=(STANDIN_CUBLASLT_FAIL=1)
tried '--fast-math with a library whose product fails' 75 --device gpu --fast-math -- 'the device was lost'

# A job that is stopped on one device goes on on the other, and back.
long=("${ova[@]}" --set extreme.num_epochs=30 --checkpoint-every 1)
rm -rf "$scratch/cpu"
train "$scratch/cpu" 2 --device cpu "${long[@]}"
# stop WORK EPOCH OPTION...: the long job on three ranks, stopped after that epoch; what is wrong goes to `why`.
stop() {
    local work=$1 epoch=$2
    shift 2
    begin "$work" 3 "$@" "${long[@]}"
    until_said "extreme $epoch/30"
    kill -USR1 "$job" 2>/dev/null
    await
    why+=$(exits 75)
}
if wanted 'stopped on the CPU, gone on on CUDA, and back'; then
    why=""
    for step in 'cpu 3' 'gpu 12'; do
        stop "$scratch/moved" "${step#* }" --device "${step% *}"
    done
    train "$scratch/moved" 2 --device cpu "${long[@]}"
    verdict "$check" "$why$(exits 0)$(says 'goes on from checkpoint')$(same "$score" "$scratch/moved")" "$err"
fi

if wanted 'stopped exact, gone on with --fast-math, and back'; then
    why=""
    fast=()
    for epoch in 3 12; do
        stop "$scratch/mixed" "$epoch" --device gpu "${fast[@]}"
        fast=(--fast-math)
    done
    train "$scratch/mixed" 3 --device gpu "${long[@]}"
    why+=$(exits 0)$(says 'goes on from checkpoint')$(near "$scratch/mixed" "${score%_1/*}")
    ! cmp -s "$scratch/mixed/$score" "$scratch/cpu/$score" || why+="the CPU's bits; "
    verdict "$check" "$why" "$err"
fi

# lost NAME WHO VARIABLE...: what fails on a device of rank WHO, and the same command after it.
lost() {
    local name="$1: exit code 75, and the same command goes on" who=$2 why
    shift 2
    wanted "$name" || return 0
    rm -rf "$scratch/lost"
    environment=("$@")
    train "$scratch/lost" 3 --device gpu "${long[@]}"
    environment=(A=b)
    why=$(exits 75)$(says "rank $who on .*: Stand-in GPU: the device was lost" 'CUDA_ERROR_(LAUNCH_FAILED|UNKNOWN)' 'goes on from the newest checkpoint')
    train "$scratch/lost" 3 --device gpu "${long[@]}"
    verdict "$name" "$why$(exits 0)$(says 'goes on from checkpoint')$(same "$score" "$scratch/lost")" "$err"
}
lost 'a kernel fails' '[12]' STANDIN_FAIL_LAUNCH=300
lost 'a device is lost under one rank' 2 STANDIN_LOST=300 STANDIN_RANK=2
environment=(STANDIN_FAIL_LAUNCH=4)
tried 'a kernel that fails before the first checkpoint' 4 --device gpu -- 'CUDA_ERROR_LAUNCH_FAILED' 'there is no checkpoint yet'
environment=(STANDIN_FAIL_ALLOC=20 STANDIN_RANK=1)
tried 'memory that a device refuses' 4 --device gpu -- \
    'rank 1 on .*: Stand-in GPU: the device is out of memory' '[0-9.]+ [KMG]iB were refused, of 4.00 GiB it has, .* free'
environment=(STANDIN_MEMORY=1000000)
tried 'too little memory is said before training' 4 --device gpu -- 'more memory than a device has' 'free'
environment=(STANDIN_BUSY=4294000000)
tried 'so is memory that others hold' 4 --device gpu -- 'more memory than a device has' 'free'
environment=(STANDIN_COMPILE_ERROR=elementwise "XDG_CACHE_HOME=$scratch/none")
tried 'kernels that the compiler refuses: its log' 4 --device gpu -- 'NVRTC .* refused the kernels elementwise' 'elementwise.cl.*error' 'told to refuse'

# Drivers that are not there, or of no use
environment=(STANDIN_DEVICES=0)
tried 'no device' 4 --device gpu -- 'there is no GPU for rank 1' 'shows no device'
environment=(STANDIN_DRIVER_VERSION=11020)
tried 'a driver that is too old' 4 --device gpu -- 'CUDA 11.2 at most, and 11.4 is needed' 'install a newer driver'
environment=(STANDIN_INIT_ERROR=803)
tried 'a driver that does not start' 4 --device gpu -- 'CUDA_ERROR_SYSTEM_DRIVER_MISMATCH'
environment=(DEEPXML_NVRTC_LIBRARY="$scratch/none")
tried 'no NVRTC' 4 --device gpu -- 'nvidia-cuda-nvrtc-cu12'
environment=(STANDIN_DRIVER_VERSION=11080)
tried 'a compiler that is newer than the driver' 4 --device gpu -- 'NVRTC 12.8 .*is newer than the driver, which knows CUDA 11.8'

# Neither CUDA nor OpenCL's loader: --device gpu says what to install, all else works.
mkdir "$scratch/hidden" && touch "$scratch/hidden/libOpenCL.so.1" "$scratch/hidden/libOpenCL.so"
hidden=(DEEPXML_CUDA_LIBRARY=none "LD_LIBRARY_PATH=$scratch/hidden${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")
environment=("${hidden[@]}")
tried 'no driver at all' 4 --device gpu -- 'there is no GPU for rank 1' 'ocl-icd-libopencl1' 'nvidia-cuda-nvrtc-cu12'
environment=("${hidden[@]}")
tried 'no driver at all, and --device auto' 0 --device auto -- 'P@1'
env "${hidden[@]}" "$program" doctor --work "$scratch" >"$out" 2>"$err"
verdict 'doctor says what is missing' "$(says 'GPU .*none' 'nvidia-cuda-nvrtc-cu12')" "$out" "$err"

# Which worker takes which device. planned NAME RANKS OPTION... -- TEXT...
planned() {
    local name=$1 ranks=$2 given=()
    shift 2
    wanted "$name" || { environment=(A=b) && return 0; }
    while [ "$1" != -- ]; do given+=("$1") && shift; done
    shift
    train "$scratch/planned" "$ranks" "${ova[@]}" --dry-run "${given[@]}"
    environment=(A=b)
    verdict "$name" "$(exits 0)$(says "$@")" "$out" "$err"
}
environment=(STANDIN_DEVICES=4)
planned 'four devices, four workers' 5 --device gpu -- \
    'rank 1 on .*\(CUDA 0\), .* free, about .* needed' 'rank 2 on .*\(CUDA 1\)' 'rank 3 on .*\(CUDA 2\)' 'rank 4 on .*\(CUDA 3\)' 'device: 4 workers on Stand-in GPU'
environment=(STANDIN_DEVICES=4 'CUDA_VISIBLE_DEVICES=3,1')
planned 'CUDA_VISIBLE_DEVICES chooses, and more workers than devices share' 5 --device gpu -- \
    'rank 1 on .*\(CUDA 0\)' 'rank 2 on .*\(CUDA 1\)' 'rank 3 on .*\(CUDA 0\)' 'up to 2 workers share one'
environment=(STANDIN_DEVICES=4)
planned 'gpu:2 is the third device, for all' 3 --device gpu:2 -- 'rank 1 on .*\(CUDA 2\)' 'rank 2 on .*\(CUDA 2\)' 'up to 2 workers share one'
planned 'the plan says that tensor cores are used' 2 --device gpu --fast-math -- "about .* needed, $bfloat, cuBLASLt 12.8"
environment=(STANDIN_ARCH=75)
planned 'without tensor cores --fast-math has no effect' 2 --device gpu --fast-math -- 'fast-math has no effect here'
planned 'nor has it on CPUs' 2 --device cpu --fast-math -- 'fast-math has no effect on CPUs'
planned 'one device' 2 --device gpu -- 'rank 1 on .*\(CUDA 0\)' 'device: 1 worker on'
# A device of its own for each worker, as SLURM's --gpus-per-task=1 gives.
cat >"$scratch/task" <<'TASK'
#!/bin/sh
CUDA_VISIBLE_DEVICES=$(((OMPI_COMM_WORLD_RANK + 3) % 4)) exec "$@"
TASK
chmod +x "$scratch/task"
if wanted 'each worker sees a device of its own'; then
    STANDIN_DEVICES=4 "${launcher[@]}" -np 5 "$scratch/task" "$program" --work "$scratch/planned" "${options[@]}" "${ova[@]}" --dry-run \
        --device gpu >"$out" 2>"$err" </dev/null
    code=$?
    why=$(exits 0)$(says 'rank 1 on .*\(CUDA 0\)' 'rank 4 on .*\(CUDA 0\)' 'device: 4 workers on')
    ! grep -q 'share one' "$out" "$err" || why+="they share; "
    verdict "$check" "$why" "$out" "$err"
fi
finish
