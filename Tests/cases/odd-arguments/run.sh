#!/usr/bin/env bash
# Arguments that are no text, and folders that are gone: told, and nothing is written elsewhere.
. "$(dirname "$0")/../lib.sh"
text_model
D=$DEEPXML_DIST
train=("$D" train --framework DeepXML-OVA --data "$T/d" --dataset x --set global.embedding_dims=16 --set extreme.init=random
  --set extreme.num_epochs=1 --quiet)
mkdir "$T/odd"
refused 2 "not UTF-8" "${train[@]}" --work "$T/odd/"$'w\xff\xfe'
[[ -z $(ls "$T/odd") ]] || fail "something was written: $(ls "$T/odd")"
for name in 'two words' 'wé😀' $'a\nb' '%s%n' '&<b>' "$(printf 'n%.0s' {1..255})"; do
  refused 0 "" "${train[@]}" --work "$T/odd/$name"
  [[ -f $(echo "$T/odd/$name"/models/*/*/x/v_0_22/model.json) ]] || fail "no model in $name"
done
mkdir "$T/gone"
refused 2 "is gone" bash -c 'cd "$1" && rmdir "$1" && shift && "$@"' - "$T/gone" "$D" predict "$model" --text "$T/x.tsv" --to o.jsonl
# What means nothing is refused, not passed over.
refused 2 "nothing is tuned" "${train[@]}" --work "$T/w" --validation 0.2 --tune-metric PSP@1
refused 2 "--events is empty" "${train[@]}" --work "$T/w" --events ""
refused 2 "--tensorboard is empty" "${train[@]}" --work "$T/w" --tensorboard ""
refused 2 "--report is empty" "$D" evaluate --predictions "$T/x.tsv" --labels "$T/x.tsv" --report ""
refused 2 "--to is empty" "$D" report "$T/w" --to ""
refused 2 "is empty" "$D" watch ""
# A first line that begins a JSON object is no text, whatever its keys, and however damaged.
for line in '{"Text":"one"}' '{"text":"one"' '{"text":"one"} x' '{"body":"one two"}' '{"text":1}' '{ "text" : null }'; do
  refused 2 "is no document" bash -c 'printf "%s\n" "$1" | "$2" predict "$3" --text - -q' - "$line" "$D" "$model"
done
for line in '{"text":"one","meta":{"a":1,"a":2}}' '{"text":"one","n":1e400}' '{label<TAB>one' '{"label"|b<TAB>one' '{braces} one'; do
  refused 0 '"id"' bash -c 'printf "%s\n" "${1/<TAB>/$(printf "\t")}" | "$2" predict "$3" --text - -q' - "$line" "$D" "$model"
done
# What goes beyond a limit on file sizes is said, and no signal.
refused 4 "ulimit -f" bash -c 'ulimit -f 1 && shift && "$@"' - - "$D" predict "$model" --text "$T/x.tsv" --to "$T/o.npz" --threads 1 --no-serving-file
ok right
