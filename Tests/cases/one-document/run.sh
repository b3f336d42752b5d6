#!/usr/bin/env bash
# A single document: prepare made a test document of it ("no token stands in 1 or more training documents"), and where it was trained on,
# its label's score was infinite and dropped. Right: it is trained on, and its label is predicted.
. "$(dirname "$0")/../lib.sh"
printf 'a\tone two\n' >"$T/one.tsv"
"$DEEPXML_DIST" prepare --train "$T/one.tsv" --test "$T/one.tsv" --data "$T/d" --embeddings none --min-count 1 --min-label-count 1 --quiet ||
  fail prepare
refused 0 "ensemble +100.00" "$DEEPXML_DIST" --framework DeepXML-OVA --work "$T/w" --data "$T/d" --dataset one --quiet \
  --set global.embedding_dims=16 --set extreme.init=random --set extreme.num_epochs=1
refused 0 "1 training and 0 test documents" "$DEEPXML_DIST" prepare --train "$T/one.tsv" --data "$T/d" --name alone --embeddings none \
  --min-count 1 --min-label-count 1
ok right
