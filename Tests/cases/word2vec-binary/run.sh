#!/usr/bin/env bash
# word2vec's binary form (GoogleNews) and a .vec with a byte order mark: wrong advice ("cut off: copy it again"). Right: both read.
. "$(dirname "$0")/../lib.sh"
gen "$T/data/W" 60 10
python3 - "$T/data/W" <<'P'
import struct
import sys
words, d = [f"w{i}" for i in range(100)], sys.argv[1]
open(d + "/vocabulary.txt", "w").write("\n".join(words) + "\n")
v = [[((i * 7 + k * 3) % 11) / 10 - 0.5 for k in range(16)] for i in range(100)]
rows = [w.encode() + b" " + struct.pack("<16f", *r) for w, r in zip(words, v)]
open(d + "/w.bin", "wb").write(b"100 16\n" + b"".join(r + b"\n" for r in rows))
open(d + "/google.bin", "wb").write(b"100 16\n" + b"".join(rows))
text = "100 16\n" + "".join(w + " " + " ".join(map(str, r)) + "\n" for w, r in zip(words, v))
open(d + "/mark.vec", "wb").write(b"\xef\xbb\xbf" + text.encode())
P
for f in w.bin google.bin mark.vec; do
  "$DEEPXML_DIST" --work "$T/$f" --data "$T/data" --dataset W "${small[@]}" --set surrogate.init=token_embeddings \
    --set surrogate.embeddings=$f --dry-run >"$T/log" 2>&1 </dev/null || { cat "$T/log"; fail "$f"; }
  grep -q "100 of 100 tokens" "$T/log" || fail "$f: not all words are found"
done
ok right
