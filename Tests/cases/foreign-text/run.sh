#!/usr/bin/env bash
# UTF-16 text, a JSON array where lines are expected, an HTML page in place of a download: named, with what to do.
. "$(dirname "$0")/../lib.sh"
text_model
D=$DEEPXML_DIST
iconv -f utf-8 -t utf-16 "$T/x.tsv" >"$T/wide.tsv"
iconv -f utf-8 -t utf-16le "$T/x.tsv" >"$T/le.tsv"
printf '[{"text": "one two", "labels": ["a"]},\n {"text": "two", "labels": ["b"]}]\n' >"$T/array.json"
printf '[\n  {"text": "one two", "labels": ["a"]}\n]\n' >"$T/pretty.json"
printf '{"global": {}}' | iconv -f utf-8 -t utf-16 >"$T/config.json"
printf '2 5\n1:1\n4:1\n' | iconv -f utf-8 -t utf-16 >"$T/y.txt"
printf '<!DOCTYPE html><html>\n' >"$T/page.txt"
for f in wide le; do
  refused 2 "utf-16 text" "$D" prepare --train "$T/$f.tsv" --name y --data "$T/d" --embeddings none
  refused 2 "utf-16 text" "$D" predict "$model" --text "$T/$f.tsv"
done
for f in array pretty; do
  refused 2 "jq -c" "$D" prepare --train "$T/$f.json" --name y --data "$T/d" --embeddings none
  refused 2 "jq -c" "$D" predict "$model" --text "$T/$f.json"
  refused 2 "jq -c" bash -c '"$0" predict "$1" --text - <"$2"' "$D" "$model" "$T/$f.json"
done
refused 2 "utf-16 text" "$D" train --config "$T/config.json" --dataset x --data "$T/d"
refused 2 "utf-16 text" "$D" evaluate --predictions "$T/y.txt" --labels "$T/y.txt"
refused 2 "html page" "$D" convert --from "$T/page.txt" --to "$T/page.npz"
[[ ! -e $T/d/y && ! -e $T/page.npz ]] || fail "something was written"
ok right
