#!/usr/bin/env python3
"""Oracle of Sources/Prepare/Text and Subwords: writes Tests/oracles/subwords.json.

    python3 -m venv /tmp/oracles && /tmp/oracles/bin/pip install numpy scipy
    /tmp/oracles/bin/python Tests/oracles/subwords.py

Everything is done the slow and plain way: n-grams by slices, BPE by counting all pairs anew for each merge, tf-idf in
double precision. With a folder as argument it checks that scipy opens the folder's trn_X_seq.npz and that its rows, counted,
are those of trn_X_Xf.txt.
"""
import collections
import json
import pathlib
import sys
import unicodedata

import numpy as np
import scipy.sparse as sp


def tokens(text):
    found, now = [], ""
    for c in unicodedata.normalize("NFC", text.lower()):
        kind = unicodedata.category(c)[0]
        if kind in "LN" or (kind == "M" and now):
            now += c
        else:
            if now:
                found.append(now)
            now = ""
    return found + [now] if now else found


def ngrams(word, low, high):
    marked = "<" + word + ">"
    out = []
    for i in range(len(marked)):
        for n in range(low, high + 1):
            gram = marked[i:i + n]
            if len(gram) == n and gram not in ("<", ">", marked):
                out.append(gram)
    return out


def join(pieces, a, b):
    out, i = [], 0
    while i < len(pieces):
        if pieces[i:i + 2] == [a, b]:
            out.append(a + b)
            i += 2
        else:
            out.append(pieces[i])
            i += 1
    return out


def letters(word):
    return list(word[:-1]) + [word[-1] + ">"]


def learn(texts, most):
    words = collections.Counter(t for text in texts for t in tokens(text))
    cut = {w: letters(w) for w in words}
    merges = []
    while len(merges) < most:
        pairs = collections.Counter()
        for w, n in words.items():
            for a, b in zip(cut[w], cut[w][1:]):
                pairs[a, b] += n
        if not pairs or max(pairs.values()) < 2:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        cut = {w: join(c, *best) for w, c in cut.items()}
    return merges


def apply(word, merges):
    pieces = letters(word)
    while True:
        here = set(zip(pieces, pieces[1:]))
        first = next((m for m in merges if m in here), None)
        if first is None:
            return [] if len(pieces) == 1 else pieces
        pieces = join(pieces, *first)


def case(name, train, test, split, min_count, most, extra):
    features = lambda text: [f for t in tokens(text) for f in [t] + ["#" + p for p in split(t)]]
    df = collections.Counter(f for text in train for f in set(features(text)))
    kept = [f for f in df if df[f] >= min_count]
    kept.sort(key=lambda f: (-df[f], f[0] == "#", f))
    kept = sorted(kept[:most], key=lambda f: (f[0] == "#", f))
    column = {f: i for i, f in enumerate(kept)}
    idf = np.array([np.log((1 + len(train)) / (1 + df[f])) + 1 for f in kept])
    sequences = [[column[f] for f in features(text) if f in column] for text in train + test]
    vectors = []
    for s in sequences:
        row = np.bincount(s, minlength=len(kept)) * idf if s else np.zeros(len(kept))
        norm = np.sqrt((row**2).sum())
        vectors.append([[int(i), float(row[i] / norm)] for i in np.flatnonzero(row)])
    return dict(name=name, minCount=min_count, maxFeatures=most, vocabulary=kept, documentCounts=[df[f] for f in kept],
                sequences=sequences, vectors=vectors, **extra)


def cases(train, test):
    none = lambda word: []
    yield case("words", train, test, none, 2, None, {})
    yield case("fewer words", train, test, none, 1, 25, {})
    for low, high in [(3, 6), (1, 3)]:
        split = lambda w: ngrams(w, low, high)
        for most in [None, 60]:
            yield case(f"ngrams {low} {high} {most}", train, test, split, 2, most, dict(min=low, max=high))
    for merges in [5, 40, 5000]:
        learnt = learn(train, merges)
        yield case(f"bpe {merges}", train, test, lambda w: apply(w, learnt), 1, None,
                   dict(merges=merges, learnt=[" ".join(m) for m in learnt]))


def check(folder):
    sequence = sp.load_npz(f"{folder}/trn_X_seq.npz")
    rows = open(f"{folder}/trn_X_Xf.txt").read().splitlines()
    assert rows[0] == f"{sequence.shape[0]} {sequence.shape[1]}", rows[0]
    assert sequence.data.dtype == np.float32 and (sequence.data == 1).all()
    for r, line in enumerate(rows[1:]):
        inside = sequence.indices[sequence.indptr[r]:sequence.indptr[r + 1]]
        assert sorted(set(inside.tolist())) == [int(e.split(":")[0]) for e in line.split()], r
    print(f"{len(rows) - 1} rows, {sequence.nnz} features in order")


if len(sys.argv) > 1:
    check(sys.argv[1])
else:
    train = [
        "The lower the newest, the wider; low LOW lowest", "newer and wider and newest banana bananas", "aaaaaa aaaa aaa abab ababab",
        "Überraschung für übermäßige Über-Räume", "естественный язык, языки и языковой", "हिन्दी भाषा की भाषाएँ",
        "10th century 10ths", "cafe\u0301 café CAFÉS", "", "— …", "unlowered unwidest unnewest anew",
    ]
    test = ["unlowest banananas the überwiderer", "日本語 языками 10th-centuries", "", "zzz qqq", "lower " * 3 + "aaaaaaaaa"]
    path = pathlib.Path(__file__).with_suffix(".json")
    body = dict(train=train, test=test, cases=list(cases(train, test)))
    path.write_text(json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n")
