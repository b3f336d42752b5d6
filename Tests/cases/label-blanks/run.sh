#!/usr/bin/env bash
# "cat | pet" beside "cat|pet": four labels ("cat ", " pet"), without a word. Right: two labels, or a warning.
. "$(dirname "$0")/../lib.sh"
for _ in 1 2 3 4 5 6; do printf 'cat|pet\tone two three\ncat | pet\ttwo three\n'; done >"$T/x.tsv"
"$DEEPXML_DIST" prepare --train "$T/x.tsv" --name x --data "$T/d" --embeddings none --min-count 1 --min-label-count 1 >"$T/log" 2>&1 \
  </dev/null || ok "refused"
n=$(wc -l <"$T/d/x/labels.txt")
grep -qiE "warn|blank|space" "$T/log" && ok "said"
[[ $n -eq 2 ]] || fail "$n labels: $(cat -A "$T/d/x/labels.txt" | tr '\n' ' ')"
ok right
