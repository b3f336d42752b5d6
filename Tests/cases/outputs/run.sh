#!/usr/bin/env bash
# Outputs on the command line that are no plain files: written through or refused, never replaced or removed.
. "$(dirname "$0")/../lib.sh"
text_model
printf '2 5\n1:1\n4:1\n' >"$T/y.txt"
mknod "$T/null" c 1 3 2>/dev/null || ok "no right to make a device"
mknod "$T/full" c 1 7
mkfifo "$T/pipe"
ln -s "$T/nowhere" "$T/dangling"
printf old >"$T/real"
ln -s "$T/real" "$T/link"
mkdir "$T/folder"
stay() { # stay AFTER...: what each is.
  local name kind
  for name in null:character full:character pipe:fifo dangling:symbolic link:symbolic folder:directory; do
    kind=$(stat -c %F "$T/${name%:*}" 2>&1)
    [[ $kind == *${name#*:}* ]] || fail "$*: ${name%:*} is now $kind"
  done
}
D=$DEEPXML_DIST
predict=("$D" predict "$model" --text "$T/x.tsv" -q)
for to in null full dangling pipe; do
  refused 2 "at the folder to make" "$D" compress "$model" --to "$T/$to" --precision int8
  refused 2 "not a directory|not a file|no file|no folder|a link|cannot be made" "$D" merge "$T/y.txt" "$T/y.txt" --output "$T/$to"
  stay compress merge "$to"
done
refused 0 . "$D" convert --from "$T/y.txt" --to "$T/null" --format npz
refused 0 . "$D" extract "$model" --what token-embeddings --to "$T/e.npy"
refused 0 "" "${predict[@]}" --to "$T/null"
refused 0 "" "${predict[@]}" --to "$T/null" --format npz
refused 2 "device or a pipe" "${predict[@]}" --to "$T/null" --format h5
refused 4 "no space" "${predict[@]}" --to "$T/full"
refused 4 "no space" "$D" convert --from "$T/y.txt" --to "$T/full" --format xc
for to in dangling folder; do
  refused 2 "leads nowhere|a folder" "${predict[@]}" --to "$T/$to"
  refused 2 "leads nowhere|a folder" "$D" convert --from "$T/y.txt" --to "$T/$to" --format npz
done
stay predict convert
cat "$T/pipe" >"$T/read" &
"${predict[@]}" --to "$T/pipe" || fail "predict to a pipe"
wait $!
[[ $(wc -l <"$T/read") -eq 12 ]] || fail "a pipe gets $(wc -l <"$T/read") lines"
refused 0 "" "${predict[@]}" --to "$T/link"
[[ $(wc -l <"$T/real") -eq 12 ]] || fail "a link is not followed"
refused 2 "that is read would be replaced" "${predict[@]}" --to "$T/x.tsv" --format text
stay predict pipe link
refused 2 "device, pipe" timeout 20 "$D" inspect "$T/pipe"
for to in null pipe dangling; do
  refused 2 "no folder" "$D" prepare --train "$T/x.tsv" --data "$T" --name $to --embeddings none --force
done
mkdir -p "$T/disk/real"
ln -s "$T/disk/real" "$T/d/linked"
refused 0 . "$D" prepare --train "$T/x.tsv" --data "$T/d" --name linked --embeddings none --force --min-count 1
[[ -L $T/d/linked && -f $T/disk/real/labels.txt && $(ls "$T/disk") == real ]] || fail "prepare --force replaces a link"
stay prepare
ok right
