# shellcheck shell=bash
# shellcheck disable=SC2154
# What launch/fuzz is made of. It sets `work` (the folder of builds and findings) and `counts` (executions).

# executions TARGET [FLAVOUR]: so far, in this checkout and before.
executions() {
  awk -F'\t' -v t="$1" -v f="${2:-}" '$2 == t && (f == "" || $5 == f) {n += $3} END {print n + 0}' Tests/fuzz/executions.tsv \
    "$([[ -f $counts ]] && echo "$counts" || echo /dev/null)"
}

# Executions of each target: all, those with the address sanitizer, and seconds of the CPU.
count() {
  awk -F'\t' '/^#/ {next} {n[$2] += $3; s[$2] += $4; all += $3} $5 == "address" {a[$2] += $3}
    END {
      for (t in n) printf "%-24s %12d executions, %10d with the address sanitizer, %7d s\n", t, n[t], a[t], s[t]
      printf "%-24s %12d executions\n", "~all", all
    }' Tests/fuzz/executions.tsv "$([[ -f $counts ]] && echo "$counts" || echo /dev/null)" | sort | tr -d '~'
}

# group TARGET: the group that it is of, by the name of the file that has it: Matrix, Text, Checkpoint or Model.
group() {
  local file
  file=$(grep -lE "^    \"$1\": " Tests/fuzz/Targets/*Parsers.swift) || { printf 'launch/fuzz: no target %s\n' "$1" >&2 && return 2; }
  file=${file##*/} file=${file%Parsers.swift}
  printf '%s' "$file"
}

# build FLAVOUR: makes $work/bin/FLAVOUR-GROUP of each group of targets. Copies, so that a campaign goes on with the old ones meanwhile.
build() {
  local flavour=$1 scratch=$work group name
  # Given two --sanitize, the Swift compiler uses only the last, hence -Xswiftc.
  # target_clones are removed: their resolvers would run before the sanitizer is ready. (An empty attribute is allowed.)
  # CheckpointParsers.swift has a nanosleep for HDF5, which finds it only where the program exports it.
  local options=(--sanitize fuzzer -Xcc '-Dtarget_clones(...)=' -Xlinker --export-dynamic-symbol=nanosleep)
  case $flavour in
    address) options+=(--sanitize address -Xswiftc '-sanitize=fuzzer,address') ;;
    # libFuzzer looks at the counters of the whole program after each input: the linker leaves out functions that nobody calls.
    no) scratch=$work-fast options+=(-Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections) ;;
    coverage)
      scratch=$work-coverage
      options+=(-Xswiftc -profile-generate -Xswiftc -profile-coverage-mapping -Xcc -fprofile-instr-generate
        -Xcc -fcoverage-mapping)
      ;;
    *) printf 'FUZZ_SANITIZE=%s: expected address or no\n' "$flavour" >&2 && return 2 ;;
  esac
  mkdir -p "$work/bin"
  for group in Matrix Text Checkpoint Model; do
    DEEPXML_FUZZ=$group nice swift build --configuration release --scratch-path "$scratch" --product fuzz "${options[@]}"
    name=$work/bin/$flavour-$group
    cp "$scratch/release/fuzz" "$name.new"
    mv "$name.new" "$name"
  done
}

# The longest input, bytes: short ones are quick, but must be able to hold what the format begins with.
longest() {
  case $1 in
    xc | one_file | gz_text | predictions_* | label_filter | label_names | names | documents | *_rows | weight_tables) echo 512 ;;
    npy* | wordnet | gz | pretrained_config | safetensors_header | arch | embeddings | tokenizer) echo 1024 ;;
    config | manifest* | model_cache) echo 4096 ;;
    cache) echo 6144 ;;
    scores_h5) echo 4096 ;;
    hdf5) echo 8192 ;;
    *) echo 2048 ;;
  esac
}

dictionary() {
  case $1 in
    config | arch | manifest* | serving | *jsonl | documents | label_names | tokenizer | wordpiece | pretrained_config | safetensors_header)
      echo json
      ;;
    np* | pickle | safetensors | gz | fasttext_model | *cache | hdf5 | scores_h5 | *_rows | weight_tables) echo binary ;;
    *) echo text ;;
  esac
}

# run_fuzzer TARGET FLAVOUR OPTION…
run_fuzzer() {
  local target=$1 program
  program=$work/bin/$2-$(group "$1")
  shift 2
  # Else glibc gives HDF5's megabyte for each file back to the system, and takes it anew.
  MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=1073741824 \
    DEEPXML_FUZZ_TARGET=$target SWIFT_BACKTRACE=enable=no \
    ASAN_OPTIONS=quarantine_size_mb=8:malloc_context_size=2:detect_leaks=0:allocator_may_return_null=1 \
    nice -n "${FUZZ_NICE:-19}" "${limit[@]}" "$program" "$@"
}

# fuzz_target TARGET SECONDS FLAVOUR
fuzz_target() {
  local target=$1 seconds=$2 flavour=$3 log=$work/logs/$1-$3.log status=0 TIMEFORMAT='%U %S' limit=()
  mkdir -p "$work/corpus/$target" "$work/found" "$work/logs"
  local options=(-max_total_time="$seconds" -max_len="$(longest "$target")" -timeout=10 -rss_limit_mb=1500 -malloc_limit_mb=256
    -print_final_stats=1 -reload=0 -detect_leaks=0 -artifact_prefix="$work/found/$target-"
    -dict="Tests/fuzz/dictionaries/$(dictionary "$target").txt")
  [[ -n ${FUZZ_RUNS:-} ]] && options+=(-runs="$FUZZ_RUNS")
  # Without the sanitizer libFuzzer doesn't see each allocation: a limit on addresses makes large ones fail.
  [[ $flavour == address ]] || limit=(prlimit --as=2500000000)
  { time run_fuzzer "$target" "$flavour" "${options[@]}" "$work/corpus/$target" "Tests/fuzz/corpus/$target" >"$log" 2>&1; } \
    2>"$log.time" || status=$?
  record "$target" "$flavour" "$log" "$(awk '{print $1 + $2}' "$log.time")" "$status"
  # Each process has its files in a folder of its own; remove those of processes that have ended.
  find /dev/shm -maxdepth 1 -name 'deepxml-fuzz-*' -user "$(id -un)" | while read -r folder; do
    [[ -d /proc/${folder##*-} ]] || rm -rf "$folder"
  done
  return "$status"
}

# record TARGET FLAVOUR LOG SECONDS STATUS: counts what a run did in so many seconds of the CPU, and says what it found.
record() {
  local target=$1 flavour=$2 log=$3 time=$4 status=$5 runs
  runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)/\1/p' "$log" | tail -1)
  [[ -n $runs ]] || runs=$(sed -nE 's/^#([0-9]+).*/\1/p' "$log" | tail -1)
  printf '%s\t%s\t%s\t%s\t%s\n' "$(date -u +%FT%TZ)" "$target" "${runs:-0}" "$time" "$flavour" >>"$counts"
  local verdict='nothing found'
  if grep -q 'ERROR: ' "$log"; then
    verdict="FOUND: see $log"
  elif [[ $status -ne 0 ]]; then
    verdict="ended by a signal or a wrong start (exit code $status): see $log"
  fi
  printf '%-18s %-7s %10s executions, %7s a second of the CPU, %s\n' "$target" "$flavour" "${runs:-0}" \
    "$(awk "BEGIN {print int(${runs:-0} / ($time + 0.01))}")" "$verdict"
}

# campaign EXECUTIONS [TARGET…]: whichever target has fewest is next, for FUZZ_SLICE seconds. One execution in twenty has the address
# sanitizer. A target that found something is left alone from then on. Campaigns of different targets can go on at the same time.
campaign() {
  local goal=$1 target done_so_far flavour failed=' ' next targets=("${@:2}")
  [[ ${#targets[@]} -gt 0 ]] || mapfile -t targets < <(ls Tests/fuzz/corpus)
  [[ ${FUZZ_BUILD:-yes} == no ]] || { build address && build no; }
  while true; do
    next=$(for target in "${targets[@]}"; do
      [[ $failed == *" $target "* ]] || printf '%s\t%s\n' "$(executions "$target")" "$target"
    done | sort -n | head -1)
    [[ -n $next ]] || break
    done_so_far=${next%%$'\t'*} target=${next##*$'\t'} flavour=no
    ((done_so_far < goal)) || break
    (($(executions "$target" address) * 20 > done_so_far)) || flavour=address
    FUZZ_RUNS=$((goal - done_so_far)) fuzz_target "$target" "${FUZZ_SLICE:-60}" "$flavour" || failed+="$target "
  done
  count
  [[ $failed == ' ' ]] || { printf 'found something:%s\n' "$failed" && return 1; }
}

# keep TARGET FILES: of all that was found, the files that reach most of what no file of the repository reaches.
keep() {
  local target=$1 most=$2 merged=$work/merged/$1
  rm -rf "$merged" && mkdir -p "$merged"
  cp "Tests/fuzz/corpus/$target"/* "$merged"
  touch "$merged.begun"
  run_fuzzer "$target" no -set_cover_merge=1 -use_counters=0 -max_len="$(longest "$target")" "$merged" "$work/corpus/$target" \
    >"$work/logs/$target-merge.log" 2>&1
  # libFuzzer writes whichever reaches most next.
  find "$merged" -maxdepth 1 -type f -newer "$merged.begun" -printf '%T@ %p\n' | sort -n | awk -v most="$most" 'NR <= most {print $2}' |
    xargs -r cp -t "Tests/fuzz/corpus/$target"
}

# coverage [TARGET]: a table of the lines of each target's parser (Tests/fuzz/parsers.tsv) that its corpus reaches; of one target, the
# lines that it does not reach.
coverage() {
  local only=${1:-} tools target files profile
  tools=$(dirname "$(readlink -f "$(command -v swift)")")
  [[ ${FUZZ_BUILD:-yes} == no ]] || build coverage
  mkdir -p "$work/profiles" "$work/logs"
  [[ -n $only ]] || printf '| target | files | lines | of functions entered | reached | per cent of these | executions |\n%s\n' '|---|---|---|---|---|---|---|'
  while IFS=$'\t' read -r target files; do
    [[ -z $only || $only == "$target" ]] || continue
    profile=$work/profiles/$target
    mkdir -p "$work/corpus/$target"
    LLVM_PROFILE_FILE=$profile.raw run_fuzzer "$target" coverage -runs=0 -max_len=20000 -detect_leaks=0 \
      "$work/corpus/$target" "Tests/fuzz/corpus/$target" >"$work/logs/$target-coverage.log" 2>&1 ||
      { printf '%s: see %s\n' "$target" "$work/logs/$target-coverage.log" >&2 && continue; }
    "$tools/llvm-profdata" merge -o "$profile.data" "$profile.raw"
    read -ra files <<<"$files"
    if [[ -n $only ]]; then
      "$tools/llvm-cov" show "$work/bin/coverage-$(group "$target")" -instr-profile="$profile.data" "${files[@]/#/Sources/}" 2>/dev/null |
        grep -E '^/|^ +[0-9]+\| +0\|'
      continue
    fi
    # Files also hold what no file leads to: writers, ways in by a path, what other callers ask. So functions that were never entered
    # are counted apart.
    "$tools/llvm-cov" report -show-functions "$work/bin/coverage-$(group "$target")" -instr-profile="$profile.data" "${files[@]/#/Sources/}" 2>/dev/null |
      awk -v t="$target" -v f="${files[*]##*/}" -v n="$(executions "$target")" '
        NF >= 7 && $5 ~ /^[0-9]+$/ && $1 != "TOTAL" { all += $5; if ($6 < $5) { entered += $5; reached += $5 - $6 } }
        END { gsub(/\.swift/, "", f); printf "| `%s` | %s | %d | %d | %d | %.0f | %d |\n", t, f, all, entered, reached, entered ? 100 * reached / entered : 0, n }'
  done <Tests/fuzz/parsers.tsv
}
