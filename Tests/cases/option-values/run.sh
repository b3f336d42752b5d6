#!/usr/bin/env bash
# Numbers beyond what they count, names that say another format: refused by their name, or taken as meant.
. "$(dirname "$0")/../lib.sh"
text_model
D=$DEEPXML_DIST
predict=("$D" predict "$model" --text "$T/x.tsv")
refused 2 "no format of predictions" "${predict[@]}" --to "$T/p.csv"
refused 0 . "${predict[@]}" --to "$T/p.csv" --format text
refused 2 "top-k.* -1" "${predict[@]}" --top-k -1
refused 2 "chunk" "${predict[@]}" --chunk 9223372036854775807
refused 0 . "${predict[@]}" --chunk 2147483647 --top-k 2147483647
for n in -1 4097; do
  refused 2 "threads" "${predict[@]}" --threads $n
  refused 2 "threads" "$D" prepare --train "$T/x.tsv" --threads $n
  refused 2 "threads" "$D" convert --from "$T/x.tsv" --to "$T/x.npz" --threads $n
  refused 2 "threads" "$D" extract "$model" --what token-embeddings --to "$T/x.npy" --threads $n
  refused 2 "threads" "$D" compress "$model" --to "$T/small" --precision int8 --threads $n
  refused 2 "threads" "$D" plan --dataset-size 10,10,10 --threads $n
  refused 2 "threads" "$D" train --dataset x --data "$T/d" --threads $n
done
refused 2 "min-count" "$D" prepare --train "$T/x.tsv" --min-count -1
refused 2 "subword-max" "$D" prepare --train "$T/x.tsv" --subwords ngrams --subword-max -1
refused 2 "bandwidth" "$D" plan --dataset-size 10,10,10 --bandwidth 1e-300
refused 2 "test-documents" "$D" plan --dataset-size 10,10,10 --test-documents -5
refused 0 . "$D" plan --dataset-size 1000000000,1000000000,1000000000 --ranks 1,1000000000
refused 0 . "$D" train --dataset x --data "$T/d" --work "$T/w2" --framework DeepXML-OVA --set extreme.init=random --set extreme.learning_rate=.01 --dry-run
refused 2 "extreme.num_epochs" "$D" train --dataset x --data "$T/d" --set extreme.num_epochs=.5
# An unset variable is no path.
refused 2 "--data is empty" "$D" prepare --train "$T/x.tsv" --data ""
refused 2 "--work is empty" "$D" train --dataset x --data "$T/d" --work ""
refused 2 "--to is empty" "$D" compress "$model" --to "" --precision int8
refused 2 "--output is empty" "$D" merge "$T/x.tsv" "$T/x.tsv" --output ""
ok right
