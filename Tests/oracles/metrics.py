#!/usr/bin/env python3
"""Oracle of Sources/Coordinator/Metrics and Scoring: writes Tests/oracles/metrics.json.

    python3 -m venv /tmp/oracles && /tmp/oracles/bin/pip install numpy scipy scikit-learn
    /tmp/oracles/bin/python Tests/oracles/metrics.py

The metrics are xclib's (kunaldahiya/pyxclib, evaluation/xc_metrics.py) in plain numpy, documents without labels left out. Those by
label are scikit-learn's, of all documents.
"""
import json
import math
import pathlib

import numpy as np
import scipy.sparse as sp


def inverse_propensity(counts, n, A, B):
    C = (math.log(n) - 1) * (B + 1) ** A
    return 1 + C * (np.asarray(counts, float) + B) ** -A


def metrics(score, Y, inv, k=5):
    names = ("P", "N", "S", "SN", "Sb", "SNb", "R")
    sums = {name: np.zeros(k) for name in names}
    disc = 1 / np.log2(np.arange(2, k + 2))
    rows = 0
    for r in range(Y.shape[0]):
        true = Y.indices[Y.indptr[r]:Y.indptr[r + 1]]
        if len(true) == 0:
            continue
        rows += 1
        a, b = score.indptr[r], score.indptr[r + 1]
        idx = score.indices[a:b][np.argsort(-score.data[a:b], kind="stable")[:k]]
        hit = np.zeros(k)
        w = np.zeros(k)
        for j, label in enumerate(idx):
            if label in true:
                hit[j] = 1
                w[j] = inv[label]
        best = np.sort(inv[true])[::-1][:k]
        best = np.pad(best, (0, k - len(best)))
        ideal = np.array([disc[:min(j + 1, len(true))].sum() for j in range(k)])
        sums["P"] += np.cumsum(hit) / np.arange(1, k + 1)
        sums["R"] += np.cumsum(hit) / len(true)
        sums["N"] += np.cumsum(hit * disc) / ideal
        sums["S"] += np.cumsum(w)
        sums["Sb"] += np.cumsum(best)
        sums["SN"] += np.cumsum(w * disc) / ideal
        sums["SNb"] += np.cumsum(best * disc) / ideal
    per_cent = lambda x: [float(100 * v) for v in x]
    return {"P": per_cent(sums["P"] / rows), "nDCG": per_cent(sums["N"] / rows), "PSP": per_cent(sums["S"] / sums["Sb"]),
            "PSnDCG": per_cent(sums["SN"] / sums["SNb"]), "R": per_cent(sums["R"] / rows)}


def segments(score, Y, counts, k=5):
    """Head, torso, tail: labels in order of frequency, cut where a third and two thirds of the training pairs are reached."""
    order = np.lexsort((np.arange(len(counts)), -np.asarray(counts, int)))
    before = np.concatenate([[0], np.cumsum(np.asarray(counts, int)[order])[:-1]])
    part = np.zeros(len(counts), int)
    part[order] = np.where(np.asarray(counts)[order] == 0, 2, np.minimum(2, 3 * before // sum(counts)))
    rows = [r for r in range(Y.shape[0]) if Y.indptr[r] < Y.indptr[r + 1]]
    tables = []
    for s in range(3):
        P, R, pairs = np.zeros(k), np.zeros(k), 0
        for r in rows:
            true = Y.indices[Y.indptr[r]:Y.indptr[r + 1]]
            pairs += int((part[true] == s).sum())
            a, b = score.indptr[r], score.indptr[r + 1]
            idx = score.indices[a:b][np.argsort(-score.data[a:b], kind="stable")[:k]]
            hit = np.pad([1.0 * (label in true and part[label] == s) for label in idx], (0, k - len(idx)))
            P += np.cumsum(hit) / np.arange(1, k + 1)
            R += np.cumsum(hit) / len(true)
        tables.append({"labels": int((part == s).sum()), "pairs": pairs, "P": list(100 * P / len(rows)), "R": list(100 * R / len(rows))})
    return tables


def by_label(predicted, Y):
    """scikit-learn's micro and macro figures of indicator matrices, and the share of the test's labels that are found."""
    # Here, as scores.py uses the other figures where scikit-learn is not there.
    from sklearn.metrics import precision_recall_fscore_support

    P, T = (predicted.toarray() > 0).astype(int), (Y.toarray() > 0).astype(int)
    figures = {}
    for kind in ("micro", "macro"):
        p, r, f, _ = precision_recall_fscore_support(T, P, average=kind, zero_division=0)
        figures |= {f"{kind}_P": 100 * float(p), f"{kind}_R": 100 * float(r), f"{kind}_F1": 100 * float(f)}
    wanted = T.any(axis=0)
    return figures | {"coverage": 100 * float(((T & P).any(axis=0) & wanted).sum() / wanted.sum())}


def indicator(score, keep):
    """Ones where `keep` says so of a row's ranks and scores."""
    rows = []
    for r in range(score.shape[0]):
        columns, values = (x[score.indptr[r]:score.indptr[r + 1]] for x in (score.indices, score.data))
        order = np.argsort(-values, kind="stable")
        rows.append(sorted((int(columns[i]), 1.0) for rank, i in enumerate(order) if keep(rank, values[i])))
    return from_rows(rows, score.shape[1])


def label_metrics(score, Y, thresholds, k=5):
    ranks = [by_label(indicator(score, lambda rank, _: rank < j), Y) for j in range(1, k + 1)]
    cuts = []
    for P in thresholds:
        predicted = indicator(score, lambda _, value: np.float32(value) >= np.float32(P))
        sizes = np.diff(predicted.indptr)
        cuts.append({"threshold": P, "labels_per_document": float(sizes.mean()), "documents_without": int((sizes == 0).sum()),
                     "metrics": by_label(predicted, Y)})
    return {"ranks": {name: [figures[name] for figures in ranks] for name in ranks[0]}, "thresholds": cuts}


def squash(x):
    """m(sigmoid(x)) on the stored entries, as scikit-learn's normalize(norm='max')."""
    x = x.copy()
    x.data = (1 / (1 + np.exp(-x.data.astype(np.float64))))
    for r in range(x.shape[0]):
        row = slice(x.indptr[r], x.indptr[r + 1])
        if x.data[row].size:
            x.data[row] /= x.data[row].max()
    return x


def top_k(x, k):
    rows = []
    for r in range(x.shape[0]):
        a, b = x.indptr[r], x.indptr[r + 1]
        kept = np.sort(np.argsort(-x.data[a:b], kind="stable")[:k])
        rows.append([(int(x.indices[a + i]), float(x.data[a + i])) for i in kept])
    return from_rows(rows, x.shape[1])


def from_rows(rows, cols):
    indptr = np.cumsum([0] + [len(r) for r in rows])
    return sp.csr_matrix((np.array([v for r in rows for _, v in r]), np.array([c for r in rows for c, _ in r], int), indptr),
                         shape=(len(rows), cols))


def as_rows(x):
    x = x.tocsr()
    x.sort_indices()
    return {"cols": x.shape[1], "rows": [
        {"columns": [int(c) for c in x.indices[x.indptr[r]:x.indptr[r + 1]]],
         "values": [float(np.float32(v)) for v in x.data[x.indptr[r]:x.indptr[r + 1]]]} for r in range(x.shape[0])]}


def random_scores(rng, lengths, cols, levels=None):
    rows = []
    for n in lengths:
        columns = np.sort(rng.choice(cols, n, replace=False))
        values = rng.normal(0, 3, n) if levels is None else rng.choice(levels, n)
        rows.append([(int(c), float(np.float32(v))) for c, v in zip(columns, values)])
    return from_rows(rows, cols)


def main():
    rng = np.random.default_rng(3)
    docs, cols, n = 40, 30, 500
    counts = rng.zipf(1.6, cols).clip(0, 200)
    counts[:2] = 0
    inv = inverse_propensity(counts, n, .55, 1.5)
    # 0 labels, 1 label, fewer than five predictions, no prediction at all: all are there.
    Y = random_scores(rng, [0, 1, 1, 4, 0, 7] + list(rng.integers(0, 9, docs - 6)), cols, [1.0])
    lengths = [6, 3, 9, 0, 2, 12] + list(rng.integers(0, 15, docs - 6))
    plain = random_scores(rng, lengths, cols)
    tied = random_scores(rng, lengths, cols, [-1.0, 0.0, 0.5, 0.5, 2.0])
    other = random_scores(rng, list(rng.integers(0, 15, docs)), cols)
    drop = random_scores(rng, list(rng.integers(0, 4, docs)), cols, [1.0])
    kept = from_rows([[(int(c), float(v)) for c, v in zip(tied.indices[tied.indptr[r]:tied.indptr[r + 1]],
                                                         tied.data[tied.indptr[r]:tied.indptr[r + 1]])
                       if c not in drop.indices[drop.indptr[r]:drop.indptr[r + 1]]] for r in range(docs)], cols)
    combined = (0.3 * squash(plain) + 0.7 * squash(other)).tocsr()
    combined.sort_indices()
    # Labels from 20 on have no document.
    few = from_rows([[(int(c), 1.0) for c in Y.indices[Y.indptr[r]:Y.indptr[r + 1]] if c < 20] for r in range(docs)], cols)
    out = {
        "A": .55, "B": 1.5, "documents": n, "counts": [int(c) for c in counts], "inversePropensity": [float(v) for v in inv],
        "truth": as_rows(Y), "filter": as_rows(drop), "plain": as_rows(plain), "tied": as_rows(tied), "other": as_rows(other),
        "metrics": {"plain": metrics(plain, Y, inv), "tied": metrics(tied, Y, inv), "filtered": metrics(kept, Y, inv)},
        "segments": {"plain": segments(plain, Y, counts), "filtered": segments(kept, Y, counts)},
        "byLabel": {"plain": label_metrics(plain, Y, [-4.0, 0.0, 2.5, 50.0]), "tied": label_metrics(tied, Y, [0.5]),
                    "filtered": label_metrics(kept, Y, [0.5, -1.0]), "few": label_metrics(plain, few, [0.0])},
        "combined": as_rows(combined), "beta": 0.3, "top": as_rows(top_k(tied, 4)), "k": 4,
        "ensemble": as_rows(squash(plain) + squash(tied) + squash(other)),
    }
    path = pathlib.Path(__file__).with_name("metrics.json")
    path.write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
