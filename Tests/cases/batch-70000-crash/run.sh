#!/usr/bin/env bash
# extreme.batch_size and reranker.batch_size above 65536: SIGILL (UInt16(row)). Right: trains, or exit 2 naming batch_size.
. "$(dirname "$0")/../lib.sh"
gen "$T/data/B" 66000 100
for key in extreme reranker; do
  timeout 100 mpirun "${MPIRUN_ARGS[@]}" -np 2 "$DEEPXML_DIST" --work "$T/w$key" --data "$T/data" --dataset B "${small[@]}" \
    --set $key.batch_size=66000 >"$T/log" 2>&1 </dev/null
  rc=$?
  [[ $rc -eq 0 ]] || { [[ $rc -eq 2 ]] && grep -q batch_size "$T/log"; } || fail "$key.batch_size=66000: exit $rc"
done
ok right
