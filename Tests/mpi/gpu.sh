#!/usr/bin/env bash
# GPU devices under mpirun, on OpenCL's first device: PoCL's processor where there is no other. Whole small learners end with the bits of
# the CPU's; a job that is stopped on CPUs goes on on GPUs, and back; what is said of devices that are not there.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/ranks.sh"
out=$scratch/out err=$scratch/err
export DEEPXML_OPENCL_CPU=1
small_dataset "$scratch/data/Small" 600 120 300 240
options=(--configs configs --data "$scratch/data" --dataset Small --seeds 1 --threads 1 --predictions npz)

# train WORK RANKS [OPTION...]: sets `code`.
train() {
    local work=$1 ranks=$2
    shift 2
    timeout 300 "${launcher[@]}" -np "$ranks" "$program" --work "$work" "${options[@]}" "$@" >"$out" 2>"$err" </dev/null
    code=$?
}

# refuses NAME CODE WORDS OPTION...
refuses() {
    local name=$1 expected=$2 words=$3 why=""
    shift 3
    train "$scratch/refused" 2 --framework DeepXML-OVA --set extreme.init=random "$@"
    [ "$code" -eq "$expected" ] || why="exit code $code, not $expected; "
    grep -qF -- "$words" "$err" || why+="nothing of \"$words\""
    verdict "$name" "$why" "$err"
}

refuses 'a word that is no device' 2 'gpu:N' --device graphics
OCL_ICD_VENDORS=$scratch refuses 'no driver' 4 'ocl-icd-libopencl1' --device gpu
refuses 'no such number' 4 'no device of this number' --device gpu:99

if ! "$program" doctor --work "$scratch" 2>/dev/null | grep -q 'GPU 0'; then
    pass 'skipped: no OpenCL device (Debian: pocl-opencl-icd)'
    finish
fi

# same WORK FRAMEWORK: what differs from the CPU's results.
same() {
    local arch=AstecPlain path
    [ "$2" = DeepXML ] && arch=Astec
    path=$2/$arch/Small/v_0_1/score.npz
    cmp -s "$1/results/$path" "$scratch/cpu/results/$path" || echo "$path differs"
}

ova=(--framework DeepXML-OVA --set extreme.init=random --set extreme.num_epochs=6)
deepxml=(
    --framework DeepXML --set surrogate.init=random --set reranker.init=random --set global.surrogate_threshold=64
    --set extreme.num_nbrs=60 --set surrogate.num_epochs=2 --set extreme.num_epochs=3 --set reranker.num_epochs=2
)
for framework in DeepXML-OVA DeepXML; do
    settings=("${ova[@]}")
    [ "$framework" = DeepXML ] && settings=("${deepxml[@]}")
    train "$scratch/cpu" 2 --device cpu "${settings[@]}"
    why=$([ "$code" -eq 0 ] || echo "exit code $code on the CPU; ")
    train "$scratch/gpu" 3 --device gpu "${settings[@]}"
    [ "$code" -eq 0 ] || why+="exit code $code; "
    grep -q 'device: 2 workers on' "$err" || why+="the device is not named; "
    verdict "$framework: two workers on one device, the CPU's bits" "$why$(same "$scratch/gpu" "$framework")" "$err"
done

# Stopped on one, gone on on the other.
for pair in 'cpu gpu' 'gpu cpu'; do
    read -r first second <<<"$pair"
    work=$scratch/$first-$second why="" options_before=("${options[@]}")
    options+=(--checkpoint-every 1)
    begin "$work" 2 --device "$first" "${ova[@]}" --set extreme.num_epochs=30
    until_said 'extreme 3/30'
    kill -USR1 "$job" 2>/dev/null
    await
    [ "$code" -eq 75 ] || why+="exit code $code, not 75; "
    train "$work" 2 --device "$second" "${ova[@]}" --set extreme.num_epochs=30
    [ "$code" -eq 0 ] || why+="exit code $code; "
    train "$scratch/whole" 2 --device cpu "${ova[@]}" --set extreme.num_epochs=30
    options=("${options_before[@]}")
    score=results/DeepXML-OVA/AstecPlain/Small/v_0_1/score.npz
    cmp -s "$work/$score" "$scratch/whole/$score" || why+="the scores differ; "
    verdict "stopped on $first, gone on on $second" "$why" "$err"
done

# A loader whose device is lost at a kernel (shims/opencl.c).
shim=$scratch/opencl lost="" score=results/DeepXML-OVA/AstecPlain/Small/v_0_1/score.npz
mkdir "$shim"
cc -shared -Wl,-soname,libOpenCL-own.so -o "$shim/libOpenCL-own.so" -x c /dev/null &&
    cc -shared -fPIC -Wl,-soname,libOpenCL.so.1 -Wl,--no-as-needed -o "$shim/libOpenCL.so.1" Tests/mpi/shims/opencl.c \
        -L"$shim" -l:libOpenCL-own.so -ldl || lost='no C compiler: install g++; '
ln -sf "$(ldconfig -p | awk '$1 == "libOpenCL.so.1" { print $NF; exit }')" "$shim/libOpenCL-own.so"

# lose WORK LAUNCH: the learner of 30 epochs, whose devices are lost at this kernel.
lose() {
    LD_LIBRARY_PATH=$shim${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} OPENCL_LOST=$2 \
        train "$1" 2 --device gpu "${ova[@]}" --set extreme.num_epochs=30 --checkpoint-every 1
}
lose "$scratch/lost" 300
why=$lost$([ "$code" -eq 75 ] || echo "exit code $code, not 75; ")
grep -Eq 'rank [0-9]+ on .*the device was lost' "$err" && grep -q 'OpenCL error -5' "$err" || why+="nothing of rank, host and error; "
kept=$(find "$scratch/lost/models" -name 'ckpt_extreme_*' | wc -l)
[ "$kept" -gt 0 ] || why+="no checkpoint; "
train "$scratch/lost" 2 --device gpu "${ova[@]}" --set extreme.num_epochs=30 --checkpoint-every 1
[ "$code" -eq 0 ] || why+="exit code $code; "
grep -q 'goes on from checkpoint' "$err" || why+="it began again; "
cmp -s "$scratch/lost/$score" "$scratch/whole/$score" || why+="the scores differ; "
verdict 'a device that is lost: 75, and the same command goes on' "$why" "$err"

lose "$scratch/early" 3
why=$([ "$code" -eq 4 ] || echo "exit code $code, not 4; ")
grep -q 'there is no checkpoint yet' "$err" || why+="nothing of the missing checkpoint"
verdict 'a device that is lost before the first checkpoint' "$lost$why" "$err"

model=$scratch/gpu/models/DeepXML-OVA/AstecPlain/Small/v_0_1
"$program" predict "$model" --features "$scratch/data/Small/tst_X_Xf.txt" --to "$out.npz" --threads 1 --device gpu -q >"$out" 2>"$err"
verdict 'predict' "$(cmp "$out.npz" "$scratch/gpu/results/DeepXML-OVA/AstecPlain/Small/v_0_1/score.npz" 2>&1)" "$err"

"$program" --work "$scratch/plan" "${options[@]}" "${ova[@]}" --device gpu --dry-run >"$out" 2>"$err"
verdict 'the plan lists devices' "$(grep -q 'rank 0 on .*(OpenCL 0).*needed' "$out" || echo 'no line of a device')" "$out" "$err"
finish
