#!/usr/bin/env bash
# Python 2's default pickle of a matrix (protocol 0 or 1): "no header … found ccopy_reg". Right: read, or said that the protocol is too old.
. "$(dirname "$0")/../lib.sh"
printf 'cnumpy.core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntp2\n' >"$T/X.pkl"
"$DEEPXML_DIST" convert --from "$T/X.pkl" --to "$T/X.npz" >"$T/log" 2>&1 && ok "read"
cat "$T/log"
grep -qiE "pickle|protocol" "$T/log" || fail "a pickle is taken for text"
ok right
