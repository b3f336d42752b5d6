#!/usr/bin/env bash
# CUDA's devices under mpirun, on a stand-in of NVIDIA's driver and compiler (Tests/gpu/standin). Whole small learners end with the bits of
# the CPU's; a job whose device is lost goes on; what is said of memory that is refused, and of drivers and compilers that do not fit.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/ranks.sh"
out=$scratch/out err=$scratch/err
standin=$(Tests/gpu/standin/build) || { fail 'the stand-in is built' 'Tests/gpu/standin/build failed'; finish; }
export DEEPXML_CUDA_LIBRARY=$standin/libcuda.so.1 DEEPXML_NVRTC_LIBRARY=$standin/libnvrtc.so.12 XDG_CACHE_HOME=$scratch/cache
export STANDIN_DEVICES=2
# No device of OpenCL's beside them.
mkdir "$scratch/no-drivers" && export OCL_ICD_VENDORS=$scratch/no-drivers
small_dataset "$scratch/data/Small" 300 60 200 120
options=(--configs configs --data "$scratch/data" --dataset Small --seeds 1 --threads 1 --predictions npz)
ova=(--framework DeepXML-OVA --set extreme.init=random --set extreme.num_epochs=4)
deepxml=(
    --framework DeepXML --set surrogate.init=random --set reranker.init=random --set global.surrogate_threshold=64
    --set extreme.num_nbrs=40 --set surrogate.num_epochs=1 --set extreme.num_epochs=2 --set reranker.num_epochs=1
)

# train WORK RANKS [OPTION...]: sets `code`.
train() {
    local work=$1 ranks=$2
    shift 2
    timeout 300 "${launcher[@]}" -np "$ranks" "$program" --work "$work" "${options[@]}" "$@" >"$out" 2>"$err" </dev/null
    code=$?
}

# differs WORK FRAMEWORK: what differs from the CPU's results.
differs() {
    local arch=AstecPlain path
    [ "$2" = DeepXML ] && arch=Astec
    path=$2/$arch/Small/v_0_1/score.npz
    cmp -s "$1/results/$path" "$scratch/cpu/results/$path" || echo "$path differs"
}

# ends NAME CODE WORDS OPTION...: how a job of OVA on GPUs ends, and what it says.
ends() {
    local name=$1 expected=$2 words=$3 why=""
    shift 3
    train "$scratch/ends" 3 --device gpu "${ova[@]}" "$@"
    [ "$code" -eq "$expected" ] || why="exit code $code, not $expected; "
    grep -qF -- "$words" "$err" || why+="nothing of \"$words\""
    verdict "$name" "$why" "$err"
    rm -rf "$scratch/ends"
}

"$program" doctor --work "$scratch" >"$out" 2>"$err"
words='CUDA 12.8, NVRTC 12.8, compute capability 9.0'
verdict 'doctor lists devices with versions' "$(grep -q "GPU 1.*$words" "$out" || echo "nothing of $words")" "$out" "$err"

for framework in DeepXML-OVA DeepXML; do
    settings=("${ova[@]}")
    [ "$framework" = DeepXML ] && settings=("${deepxml[@]}")
    train "$scratch/cpu" 2 --device cpu "${settings[@]}"
    why=$([ "$code" -eq 0 ] || echo "exit code $code on the CPU; ")
    train "$scratch/gpu" 3 --device gpu "${settings[@]}"
    [ "$code" -eq 0 ] || why+="exit code $code; "
    grep -q 'device: 2 workers on .*(CUDA 12.8)' "$err" || why+="the devices are not named; "
    verdict "$framework: each worker on its own device, the CPU's bits" "$why$(differs "$scratch/gpu" "$framework")" "$err"
done
metrics=$scratch/gpu/results/DeepXML-OVA/AstecPlain/Small/v_0/metrics.json
why=$([ "$(grep -c '"backend" : "CUDA"' "$metrics")" -eq 2 ] || echo 'not two devices; ')
verdict 'metrics.json names the devices' "$why$(grep -q '"compiler" : "NVRTC 12.8"' "$metrics" || echo 'no compiler')" "$metrics"

CUDA_VISIBLE_DEVICES=1 train "$scratch/one" 3 --device gpu "${ova[@]}"
why=$([ "$code" -eq 0 ] || echo "exit code $code; ")$(grep -q 'up to 2 workers share one' "$err" || echo 'sharing is not said; ')
verdict 'CUDA_VISIBLE_DEVICES, a device for two' "$why$(differs "$scratch/one" DeepXML-OVA)" "$err"

# A GPU that is newer than the compiler: PTX.
STANDIN_ARCH=100 train "$scratch/ptx" 2 --device gpu "${ova[@]}"
verdict 'a newer device' "$([ "$code" -eq 0 ] || echo "exit code $code; ")$(differs "$scratch/ptx" DeepXML-OVA)" "$err"

# Faults of one rank's device.
export STANDIN_RANK=2
STANDIN_FAIL_ALLOC=12 ends 'memory that is refused' 4 'the device is out of memory'
STANDIN_COMPILE_ERROR=classifiers ends 'kernels that the compiler refuses' 4 'refused the kernels classifiers'
STANDIN_LOST=200 train "$scratch/lost" 3 --device gpu "${ova[@]}" --checkpoint-every 1
why=$([ "$code" -eq 75 ] || echo "exit code $code, not 75; ")$(grep -q 'the device was lost' "$err" || echo 'the loss is not said; ')
train "$scratch/lost" 3 --device gpu "${ova[@]}"
[ "$code" -eq 0 ] || why+="exit code $code of the second job; "
verdict 'a lost device: the same command goes on' "$why$(differs "$scratch/lost" DeepXML-OVA)" "$err"
unset STANDIN_RANK

STANDIN_INIT_ERROR=100 ends 'no device' 4 'shows no device'
STANDIN_INIT_ERROR=803 ends 'a driver that does not start' 4 'the driver does not start'
STANDIN_DRIVER_VERSION=11020 ends 'a driver that is too old' 4 'CUDA 11.2 at most, and 11.4 is needed'
STANDIN_DRIVER_VERSION=11080 ends 'a compiler that is newer than the driver' 4 'is newer than the driver, which knows CUDA 11.8'
DEEPXML_NVRTC_LIBRARY=$scratch/none ends 'no compiler' 4 'nvidia-cuda-nvrtc-cu12'
DEEPXML_CUDA_LIBRARY=none ends 'no driver' 4 "CUDA's driver is not there"
finish
