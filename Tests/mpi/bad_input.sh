#!/bin/bash
# Bad input under mpirun: one clear error that says where, what was found and what was expected, exit code 2, all ranks
# ended within five seconds, and nothing touched that an earlier run had written. Odd input that is accepted ends with 0.
. "$(dirname "$0")/lib.sh"
data=$scratch/data work=$scratch/work err=$scratch/err out=$scratch/out
small_dataset "$data/Small" 60 20 50 30
quick=(
    --framework DeepXML --set global.embedding_dims=16 --set surrogate.init=random --set reranker.init=random --set global.surrogate_threshold=4
    --set surrogate.num_epochs=1 --set extreme.num_epochs=1 --set reranker.num_epochs=1
)
ranks=3
limit_ms=5000

# job OPTION...: runs the job; its exit code is $code, its wall time $took ms. `ranks=0` is a run without mpirun.
job() {
    local start=${EPOCHREALTIME/./} start_job=("${launcher[@]}" -np "$ranks")
    [ "$ranks" -eq 0 ] && start_job=()
    timeout -k 1 300 "${start_job[@]}" "$program" --configs configs --data "$data" --work "$work" --dataset Small "${quick[@]}" \
        "$@" >"$out" 2>"$err" </dev/null
    code=$?
    took=$(((${EPOCHREALTIME/./} - start) / 1000))
}

written_before() { find "$work" -type f -exec md5sum {} + | sort; }

# read_check NAME PATTERN... -- OPTION...: into $name, $patterns and $options.
read_check() {
    name=$1 patterns=()
    shift
    while [ "$1" != -- ]; do
        patterns+=("$1")
        shift
    done
    options=("${@:2}")
}

# unsaid FILE...: what is wrong where not all patterns are in the files.
unsaid() {
    local pattern
    for pattern in "${patterns[@]}"; do cat "$@" | grep -Eq -- "$pattern" || printf 'no "%s"; ' "$pattern"; done
}

# refused NAME PATTERN... -- OPTION...: the job ends with 2 (or $expected), an error that matches all patterns, said once.
refused() {
    local name patterns options why="" before
    read_check "$@"
    wanted "refused n=$ranks: $name" || return
    before=$(written_before)
    job "${options[@]}"
    [ "$code" -eq "${expected:-2}" ] || why+="exit code $code, not ${expected:-2}; "
    [ "$took" -le "$limit_ms" ] || why+="took $took ms; "
    [ "$(grep -c 'error:' "$err")" -eq 1 ] || why+="$(grep -c 'error:' "$err") errors; "
    grep -q 'MPI_ABORT' "$err" && why+="noise of MPI_ABORT; "
    why+=$(unsaid "$err")
    [ "$before" = "$(written_before)" ] || why+="earlier files were touched; "
    verdict "$check ($took ms)" "$why" "$err"
}

# accepted NAME PATTERN... -- OPTION...: the job ends with 0 and has said all patterns.
accepted() {
    local name patterns options why=""
    read_check "$@"
    wanted "accepted n=$ranks: $name" || return
    job --version "accepted$((passed + failed))" "${options[@]}"
    [ "$code" -eq 0 ] || why+="exit code $code; "
    why+=$(unsaid "$out" "$err")
    verdict "$check ($took ms)" "$why" "$err"
}

# copy NAME: a data set like Small, to spoil.
copy() { rm -rf "${data:?}/$1" && cp -r "$data/Small" "$data/$1"; }

# spoil NAME FILE SED: a data set like Small with one file changed.
spoil() { copy "$1" && sed -i -E "$3" "$data/$1/$2"; }

# npy FILE DESCR SHAPE BYTES: a NumPy array file of zeros.
npy() {
    local text="{'descr': '$2', 'fortran_order': False, 'shape': ($3), }"
    { printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "$text" && head -c "$4" /dev/zero; } >"$1"
}

job
if [ "$code" -ne 0 ]; then
    fail "a job on whole data" "exit code $code" "$err"
    finish
fi
pass "a job on whole data ($took ms)"

# The data set and its files
refused "no such data set" 'data/Nothing' 'no such data set' 'in .*data: Small' 'expected:.*trn_X_Xf.txt' -- --dataset Nothing
refused "a misspelt data set" 'data/Smal:' 'did you mean.*Small' -- --dataset Smal
refused "no folder of data sets" 'missing/Small' 'no data set in' -- --data "$scratch/missing"
for file in trn_X_Xf.txt trn_X_Y.txt tst_X_Xf.txt tst_X_Y.txt; do
    copy Gap && rm "$data/Gap/$file"
    refused "$file is missing" "Gap/$file: file not found" 'found: *in that folder: t' "expected: *$file" 'what to do: check' -- --dataset Gap
done
spoil Bad trn_X_Xf.txt '1s/60 /61 /'
refused "fewer rows than the header says" 'Bad/trn_X_Xf.txt:1' 'found: *60 rows' 'expected: *61' 'what to do' -- --dataset Bad
spoil Bad trn_X_Xf.txt '1s/60 /59 /'
refused "more rows than the header says" 'Bad/trn_X_Xf.txt:1' 'found: *60 rows' 'expected: *59' -- --dataset Bad
spoil Bad trn_X_Y.txt '1s/60 /59 /; 7d'
refused "fewer rows of labels than of features" 'trn_X_Xf.txt:1 and .*trn_X_Y.txt:1' '60 rows of features, 59 rows of labels' -- --dataset Bad
spoil Bad trn_X_Xf.txt '1s/ 50/ 5/'
refused "an index beyond the header's columns" 'Bad/trn_X_Xf.txt:[0-9]+:[0-9]+' 'index out of range' 'expected: *0…4' -- --dataset Bad
spoil Bad tst_X_Y.txt '1s/ 30/ 3/'
refused "a label beyond the header's columns" 'Bad/tst_X_Y.txt:[0-9]+:[0-9]+' 'index out of range' 'expected: *0…2' -- --dataset Bad
spoil Bad trn_X_Xf.txt '1d'
refused "no header" 'Bad/trn_X_Xf.txt:1' 'no header' 'expected: *two whole numbers' -- --dataset Bad
spoil Bad trn_X_Xf.txt '5s/.*/3:0.5 50:1.0/'
refused "an index that counts from 1" 'Bad/trn_X_Xf.txt:5:7' 'index out of range' 'found: *`50`' 'expected: *0…49' -- --dataset Bad
spoil Bad trn_X_Xf.txt '5s/.*/-3:0.5/'
refused "a negative index" 'Bad/trn_X_Xf.txt:5:1' 'found: *`-3' -- --dataset Bad
spoil Bad trn_X_Xf.txt '6s/.*/3:0.5 4:nan/'
refused "a value that is NaN" 'Bad/trn_X_Xf.txt:6:9' 'not finite' 'found: *`nan`' -- --dataset Bad
spoil Bad tst_X_Xf.txt '6s/.*/3:0.5 4:-0.25/'
refused "a negative value" 'Bad/tst_X_Xf.txt:6:9' 'negative value' 'found: *`-0.25`' -- --dataset Bad
spoil Bad trn_X_Xf.txt '8s/.*/9:0.5 4:1/'
refused "unsorted indices" 'Bad/trn_X_Xf.txt:8:7' 'out of order' 'expected: *ascending' -- --dataset Bad
spoil Bad trn_X_Y.txt '8s/.*/4:1 4:1/'
refused "a repeated index" 'Bad/trn_X_Y.txt:8:5' 'repeated' 'expected: *each index once' -- --dataset Bad
spoil Bad trn_X_Xf.txt '8s/.*/9:zero/'
refused "a value that is no number" 'Bad/trn_X_Xf.txt:8:3' 'not a number' 'found: *`zero`' -- --dataset Bad
copy Bad && : >"$data/Bad/trn_X_Y.txt"
refused "an empty file" 'Bad/trn_X_Y.txt' 'the file is empty' -- --dataset Bad
copy Bad && echo '3 300' >"$data/Bad/filter_labels_test.txt"
refused "a filter with a label out of range" 'Bad/filter_labels_test.txt:1' 'found: *label 300' 'expected: *0…29' -- --dataset Bad
copy Odd && sed -i 's/$/\r/' "$data/Odd"/*.txt
accepted "CRLF" -- --dataset Odd
copy Odd
for file in "$data/Odd"/*.txt; do truncate -s -1 "$file"; done
accepted "no last newline" -- --dataset Odd
spoil Odd trn_X_Xf.txt '4s/.*//' && sed -i '5s/.*//' "$data/Odd/tst_X_Xf.txt" && sed -i '6s/.*//' "$data/Odd/tst_X_Y.txt"
accepted "empty lines" -- --dataset Odd
spoil Bad trn_X_Xf.txt '2,$s/.*//'
refused "no training document has a feature" 'no training document has both' 'found: *60 documents, 0 with a feature' -- --dataset Bad

# Token embeddings
embeddings=(--set surrogate.init=token_embeddings --set reranker.init=token_embeddings)
copy Vectors
array=$data/Vectors/fasttextB_embeddings_300d.npy
refused "no token embeddings" 'fasttextB_embeddings_300d.npy' 'no such file' 'init=random' -- --dataset Vectors "${embeddings[@]}"
accepted "no token embeddings with init=random" -- --dataset Vectors
npy "$array" '<f4' '50, 20' 4000
refused "embeddings of another width" 'fasttextB_embeddings_300d.npy' 'wrong shape' 'found: *\(50, 20\)' 'expected: *\(50, 16\)' -- \
    --dataset Vectors "${embeddings[@]}"
npy "$array" '<f4' '49, 16' 3136
refused "embeddings of other tokens" 'wrong shape' 'found: *\(49, 16\)' 'expected: *\(50, 16\)' -- --dataset Vectors "${embeddings[@]}"
npy "$array" '<i4' '50, 16' 3200
refused "embeddings of whole numbers" 'fasttextB_embeddings_300d.npy' "found: *.?<i4" -- --dataset Vectors "${embeddings[@]}"
npy "$array" '<f4' '50, 16' 3000
refused "embeddings that are cut off" 'fasttextB_embeddings_300d.npy' 'found:' 'expected:' -- --dataset Vectors "${embeddings[@]}"
echo "the 50 x 300 vectors" >"$array"
refused "embeddings that are no array" 'fasttextB_embeddings_300d.npy' 'not a NumPy array' -- --dataset Vectors "${embeddings[@]}"
npy "$array" '<f4' '50, 16' 3200
accepted "embeddings of the right shape" -- --dataset Vectors "${embeddings[@]}"

# Options
refused "a repeated seed" '--seeds' 'given twice' 'found: *7' -- --seeds 7,8,7
refused "an empty seed" '--seeds' 'an empty seed' 'expected: *different whole numbers' -- --seeds 7,,8
refused "no seed" '--seeds' 'an empty seed' -- --seeds ''
refused "a seed that is no number" '--seeds' 'no number' 'found: *seven' -- --seeds 7,seven
refused "a negative seed" '--seeds' 'a negative seed' 'found: *-7' -- --seeds -7
refused "a seed that is too large" '--seeds' 'no number' 'expected: *.* to 9223372036854775807' -- --seeds 18446744073709551616
refused "an unknown framework" '--framework' 'unknown framework' 'did you mean DeepXML\?' -- --framework DeepXM
refused "an unknown architecture" '--arch' 'unknown architecture' 'did you mean Astec\?' -- --arch Astek
refused "an unknown option" 'sedes' 'did you mean.*--seeds|Did you mean.*--seeds' -- --sedes 7
refused "an option without a value" '--version' -- --version
refused "a number of threads that is none" '--threads' 'found: *0|0' -- --threads 0
refused "an unknown log format" '--log-format' 'expected: *text or json' -- --log-format xml
refused "an unknown subcommand" 'trian|subcommand|unexpected' -- trian

# Configs
refused "an unknown config key" '--set extreme.num_epoch=5' 'unknown key' 'did you mean "num_epochs"\?' -- --set extreme.num_epoch=5
refused "an unknown section" '--set extrem.num_epochs=5' 'unknown section' 'did you mean "extreme"\?' -- --set extrem.num_epochs=5
refused "a value out of range" '--set extreme.num_epochs=0' 'found: *0' 'expected: *an integer from 1' -- --set extreme.num_epochs=0
refused "a value of the wrong type" '--set global.beta=half' 'found:.*half' 'expected: *a number from 0 to 1' -- --set global.beta=half
sed 's/"num_epochs": 20,/"num_epoch": 20,/' configs/DeepXML/default.json >"$scratch/key.json"
line=$(grep -n -m 1 num_epoch "$scratch/key.json" | cut -d : -f 1)
refused "an unknown key in a config file" "key.json:$line:?" 'unknown key "num_epoch"' 'did you mean "num_epochs"\?' -- --config "$scratch/key.json"
sed 's/"beta": 0.3/"beta": 3/' configs/DeepXML/default.json >"$scratch/range.json"
line=$(grep -n -m 1 '"beta": 3' "$scratch/range.json" | cut -d : -f 1)
refused "a value out of range in a config file" "range.json:$line:?" 'found: *3' 'expected: *a number from 0 to 1' -- --config "$scratch/range.json"
head -n 20 configs/DeepXML/default.json >"$scratch/broken.json"
refused "broken JSON" 'broken.json:[0-9]+:[0-9]+' 'expected:' -- --config "$scratch/broken.json"
refused "no such config" 'missing.json' 'no such config file' -- --config "$scratch/missing.json"

# Places to write
touch "$scratch/file"
refused "a file where the work folder should be" "$scratch/file" 'Not a directory|not a folder|no folder' -- --work "$scratch/file"
refused "a work folder that cannot be made" '/proc/nowhere' -- --work /proc/nowhere
mkdir "$scratch/full"
# 4 KiB hold no cache of the data; 128 KiB hold that, but no checkpoint.
if mount -t tmpfs -o size=4k tmpfs "$scratch/full" 2>/dev/null; then
    trap 'umount "$scratch/full"; clean_up' EXIT
    for size in 4k 128k; do
        for ranks in 3 0; do
            mount -o "remount,size=$size" "$scratch/full"
            expected=4 refused "a full disk of $size" "$scratch/full/" 'No space left' 'what to do: *free some space' -- \
                --work "$scratch/full" --set global.embedding_dims=300
            rm -rf "${scratch:?}/full"/*
        done
    done
else
    echo "skipped a full disk: a tmpfs can't be mounted here"
fi

# Without mpirun, and by one rank
ranks=0
refused "a misspelt data set" 'did you mean.*Small' -- --dataset Smal
refused "an unknown option" 'sedes' 'did you mean.*--seeds|Did you mean.*--seeds' -- --sedes 7
spoil Bad trn_X_Xf.txt '6s/.*/3:0.5 4:nan/'
refused "a value that is NaN" 'Bad/trn_X_Xf.txt:6:9' 'not finite' -- --dataset Bad
ranks=1
refused "a value that is NaN" 'Bad/trn_X_Xf.txt:6:9' 'not finite' -- --dataset Bad
refused "a repeated seed" '--seeds' 'given twice' -- --seeds 7,8,7
ranks=8
refused "a value that is NaN" 'Bad/trn_X_Xf.txt:6:9' 'not finite' -- --dataset Bad
refused "an unknown config key" 'unknown key' -- --set extreme.num_epoch=5

# More ranks than the work needs, and the smallest data
ranks=16
accepted "16 ranks for one seed" 'ranks? .* without labels' -- --seeds 1
if wanted "accepted n=16: ranks that have no work are told so"; then
    job --seeds 1 --version again
    job --seeds 1 --version again
    verdict "$check" "$([ "$code" -eq 0 ] && grep -q 'ranks 1–15 idle' "$err" || echo "exit code $code, or not said")" "$err"
fi
ranks=8
small_dataset "$data/FewLabels" 40 10 50 3
accepted "fewer labels than workers" -- --dataset FewLabels --seeds 1,2
ranks=3
small_dataset "$data/OneLabel" 40 10 50 1
accepted "one label" -- --dataset OneLabel
small_dataset "$data/OneDocument" 1 1 50 30
accepted "one document" -- --dataset OneDocument
accepted "one dimension" -- --set global.embedding_dims=1
accepted "one document and one dimension, 5 workers" -- --dataset OneDocument --set global.embedding_dims=1 --seeds 1,2
finish
