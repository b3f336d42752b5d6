#!/usr/bin/env bash
# Wrong use under mpirun: one message for the whole job, exit code 2, all ranks ended within 5 seconds.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../launch/env"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
failures=0

# refuses <ranks> <text of the message> <options…>
refuses() {
  local ranks=$1 text=$2 status=0 start=$SECONDS count launcher=()
  shift 2
  [[ $ranks -eq 1 ]] || launcher=(mpirun "${MPIRUN_ARGS[@]}" -np "$ranks")
  "${launcher[@]}" "$DEEPXML_DIST" "$@" >out 2>err </dev/null || status=$?
  count=$(grep -cF -- "$text" err || true)
  if [[ $status -ne 2 || $count -ne 1 || $(grep -c '^error:' err) -ne 1 || -s out ]] || ((SECONDS - start > 5)); then
    printf 'FAILED  deepxml-dist %s: exit code %s, %s messages, %s s\n' "$*" "$status" "$count" "$((SECONDS - start))" >&2
    cat out err >&2
    failures=$((failures + 1))
  fi
}

refuses 4 "Did you mean '--seeds'?" --sedes 1,2
refuses 1 'did you mean "train"?' trian --seeds 1
refuses 4 'a seed that is given twice' --seeds 1,2,1
refuses 1 'a negative seed' --seeds -1
refuses 1 'an empty seed' --seeds ''
refuses 1 'did you mean DeepXML?' --framework DeepXLM
refuses 1 'did you mean DeepXML-OVA' --framework DeepXML-OVO
refuses 1 'did you mean "num_epochs"?' --set extreme.num_epoch=5
refuses 1 'an integer from 1 to' --set extreme.num_epochs=0
refuses 4 'no such data set' --dataset Nowhere
printf '{"global": {\n"top_k": 10,}}' >broken.json
refuses 4 'broken.json:2:13' --config broken.json

# A rank 0 that is later than the others still has its say.
status=0
mpirun "${MPIRUN_ARGS[@]}" -np 1 bash -c 'sleep 0.3; exec "$0" --sedes 1' "$DEEPXML_DIST" : -np 2 "$DEEPXML_DIST" --sedes 1 >out 2>err || status=$?
[[ $status -eq 2 && $(grep -cF "Did you mean '--seeds'?" err) -eq 1 ]] || {
  printf 'FAILED  a late rank 0: exit code %s and\n' "$status" >&2
  cat err >&2
  failures=$((failures + 1))
}

# Help is no error, and said once as well.
mpirun "${MPIRUN_ARGS[@]}" -np 4 "$DEEPXML_DIST" train --help >out 2>err
[[ $(grep -c '^USAGE:' out) -eq 1 && ! -s err ]] || { printf 'FAILED  train --help is not said once\n' >&2; failures=$((failures + 1)); }

# So is the program's version; to train, --version is the name of a run.
version="deepxml-dist $(sed -nE 's/^public let programVersion = "(.*)"/\1/p' "$ROOT/Sources/Support/ProgramVersion.swift")"
mpirun "${MPIRUN_ARGS[@]}" -np 4 "$DEEPXML_DIST" --version >out 2>err
[[ $(<out) == "$version" && ! -s err ]] || { printf 'FAILED  --version is not "%s", once\n' "$version" >&2; failures=$((failures + 1)); }
refuses 1 'no such data set' --version=3 --dataset Nowhere
refuses 1 'no such data set' train --version 3 --dataset Nowhere

# Nothing was written.
rm -f out err broken.json
[[ -z $(ls -A) ]] || { printf 'FAILED  files were left: %s\n' "$(ls -A)" >&2; failures=$((failures + 1)); }
((failures == 0))
