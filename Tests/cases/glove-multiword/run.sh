#!/usr/bin/env bash
# A vocabulary with phrases ("New York") and GloVe text that has them: drawn at random instead. Right: all found.
. "$(dirname "$0")/../lib.sh"
gen "$T/data/G" 60 10
python3 - "$T/data/G" <<'P'
import sys
words = [f"w{i}" for i in range(100)]
words[3], words[4] = "New York", ". . ."
open(sys.argv[1] + "/vocabulary.txt", "w").write("\n".join(words) + "\n")
row = lambda i: "".join(f" {(i * 7 + k * 3) % 11 / 10 - 0.5:.3f}" for k in range(16)) + "\n"
open(sys.argv[1] + "/g.txt", "w").write("".join(w + row(i) for i, w in enumerate(words)))
P
"$DEEPXML_DIST" --work "$T/w" --data "$T/data" --dataset G "${small[@]}" --set surrogate.init=token_embeddings \
  --set surrogate.embeddings=g.txt >"$T/log" 2>&1 </dev/null || { cat "$T/log"; fail "exit $?"; }
grep -o "token embeddings from.*" "$T/log" | sed 's/from [^ ]*/from …/'
grep -q "100 of 100 tokens" "$T/log" || fail "phrases not found"
ok right
