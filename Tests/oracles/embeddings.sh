#!/usr/bin/env bash
# Oracle of Sources/XCData/Embeddings: writes Tests/oracles/Fixtures/embeddings by fastText itself (Debian's fasttext).
# A model of a few lines, its vectors as text, and what it says of words in and outside its dictionary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/Fixtures/embeddings"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/text" <<'TEXT'
the quick brown fox jumps over the lazy dog
a naïve café owner said the fox was brown and quick
the dog and the fox like the café
the owner said the lazy dog jumps
TEXT
# Known words, words of known letters, one with letters of two bytes, one of one letter, the end of a sentence.
printf '%s\n' the fox dogs jumping café naïveté x '</s>' unrelated owner >words.txt
train=(-input "$scratch/text" -dim 6 -minCount 1 -epoch 20 -lr 0.3 -t 1 -bucket 40 -thread 1 -seed 7 -verbose 0)
fasttext skipgram "${train[@]}" -output subwords -minn 2 -maxn 4
fasttext cbow "${train[@]}" -output wholewords -minn 0 -maxn 0
for model in subwords wholewords; do fasttext print-word-vectors "$model.bin" <words.txt >"$model.printed"; done
sed 's/^\(.*\)$/__label__\1 \1/' "$scratch/text" >"$scratch/labelled"
fasttext supervised -input "$scratch/labelled" -output labelled -dim 6 -epoch 2 -minn 2 -maxn 3 -bucket 40 -thread 1 -seed 7 -verbose 0
fasttext print-word-vectors labelled.bin <words.txt >labelled.printed
# Quantising needs 256 rows.
label=(-input "$scratch/labelled" -output quantised -dim 6 -verbose 0)
fasttext supervised "${label[@]}" -epoch 1 -minn 2 -maxn 3 -bucket 300 -thread 1
fasttext quantize "${label[@]}"
rm ./*.vec.tmp labelled.vec wholewords.vec quantised.bin quantised.vec 2>/dev/null || true
