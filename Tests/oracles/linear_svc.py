#!/usr/bin/env python3
"""Oracle of the linear classifiers: writes Tests/oracles/linear_svc.json.

    python3 -m venv /tmp/oracles && /tmp/oracles/bin/pip install numpy scikit-learn
    /tmp/oracles/bin/python Tests/oracles/linear_svc.py ../shared/reference/WordNetSmall

Sparse: 2,000 documents of WordNetSmall, scaled to unit length and rounded to 1/256, and scikit-learn's LinearSVC (LIBLINEAR's
L2R_L2LOSS_SVC with a bias feature) for 50 of their labels. Dense: random rows, the same classifier on some of them.
So that the file stays small, columns are differences, weights are in units of 0.0001, of every
fourth feature, and those below 0.0005 are left out.
"""
import json
import pathlib
import sys

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

DOCUMENTS, LABELS, UNIT, LEAST, EVERY = 2000, 50, 256, 5e-4, 4


def read(path):
    """Rows of (column, value)."""
    lines = path.read_text().splitlines()[1:]
    return [[(int(c), float(v)) for c, v in (entry.split(":") for entry in line.split())] for line in lines]


def solve(rows, targets, bias):
    model = LinearSVC(dual=False, loss="squared_hinge", C=1, fit_intercept=True, intercept_scaling=bias, tol=1e-9, max_iter=100000)
    model.fit(rows, targets)
    return model.coef_[0], float(model.intercept_[0])


def steps(ascending):
    return [b - a for a, b in zip([0] + ascending, ascending)]


def sparse_case(folder):
    rows = read(folder / "trn_X_Xf.txt")[:DOCUMENTS]
    labels = [[c for c, _ in row] for row in read(folder / "trn_X_Y.txt")[:DOCUMENTS]]
    places, documents = {}, []
    for row in rows:
        length = sum(v * v for _, v in row) ** 0.5 or 1
        whole = sorted((places.setdefault(c, len(places)), round(UNIT * v / length)) for c, v in row)
        documents.append([entry for pair in whole for entry in pair])
    matrix = csr_matrix(
        (
            np.array([v / UNIT for row in documents for v in row[1::2]]),
            [c for row in documents for c in row[0::2]],
            np.cumsum([0] + [len(row) // 2 for row in documents]),
        ),
        shape=(len(documents), len(places)),
    )
    positives = {}
    for document, row in enumerate(labels):
        for label in row:
            positives.setdefault(label, []).append(document)
    # From labels of one document to the most frequent ones.
    by_count = sorted(positives, key=lambda label: (len(positives[label]), label))
    chosen = by_count[:: len(by_count) // (LABELS - 5)][: LABELS - 5] + by_count[-5:]
    cases = []
    for label in chosen:
        targets = np.full(len(documents), -1)
        targets[positives[label]] = 1
        weights, bias = solve(matrix, targets, 1.0)
        kept = np.array([c for c in range(0, len(weights), EVERY) if abs(weights[c]) >= LEAST], int)
        whole = [round(1e4 * float(w)) for w in weights[kept]]
        cases.append({"positives": positives[label], "columns": steps(kept.tolist()), "weights": whole, "bias": bias})
    documents = [[entry for pair in zip(steps(row[0::2]), row[1::2]) for entry in pair] for row in documents]
    return {"features": len(places), "unit": UNIT, "every": EVERY, "documents": documents, "labels": cases}


def dense_case():
    rng = np.random.default_rng(11)
    whole = rng.integers(-128, 128, size=(150, 21))
    rows = sorted(rng.choice(150, size=100, replace=False).tolist())
    noise = rng.normal(size=100)
    positive = whole[rows] @ rng.normal(size=21) + 200 * noise > 150
    weights, bias = solve(whole[rows] / 128, np.where(positive, 1, -1), 0.5)
    return {
        "unit": 128,
        "matrix": whole.tolist(),
        "rows": rows,
        "positive": [int(p) for p in positive],
        "featureValue": 0.5,
        "weights": weights.tolist(),
        "bias": bias,
    }


def main():
    data = {"sparse": sparse_case(pathlib.Path(sys.argv[1])), "dense": dense_case()}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(data, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


main()
