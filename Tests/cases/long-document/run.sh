#!/usr/bin/env bash
# One document of 200,000 tokens among short ones stopped a GRU; 8,000 made the run seven times slower. Right: its first tokens are read,
# and that is said.
. "$(dirname "$0")/../lib.sh"
gen "$T/data/L" 60 10
python3 - "$T/data/L" <<'P'
import sys
d = sys.argv[1]
for stem in ("trn", "tst"):
    rows = open(f"{d}/{stem}_X_Xf.txt").read().split("\n")
    texts = [" ".join(f"{e.split(':')[0]}:1" for e in reversed(r.split())) for r in rows[1:-1]]
    texts[3] = " ".join(f"{i * 7 % 100}:1" for i in range(200_000))
    open(f"{d}/{stem}_X_seq.txt", "w").write("\n".join([rows[0]] + texts) + "\n")
P
refused 0 "1 of 60 training documents and 1 of 10 test documents have more than 1,024 tokens, the longest 200,000" timeout 60 \
  "$DEEPXML_DIST" --work "$T/w" --data "$T/data" --dataset L --framework DeepXML-OVA --arch GRU --set global.embedding_dims=16 \
  --set extreme.init=random --set extreme.num_epochs=1 --set global.feature_type=sequential --set global.trn_feat_fname=trn_X_seq.txt \
  --set global.tst_feat_fname=tst_X_seq.txt
ok right
