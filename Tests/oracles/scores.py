#!/usr/bin/env python3
"""Oracle of predictions, `evaluate` and token embeddings; Tests/mpi/scores.sh runs it in a venv of numpy, scipy and h5py.

    scores.py same FOLDER                      score.npz, .h5, .txt and .jsonl hold the same matrix
    scores.py figures FILE LABELS TRAIN JSON   `evaluate --json` gave numpy's figures (JSON), or a run's metrics.json did
    scores.py make FOLDER                      writes truths, a filter, and predictions as scipy, h5py and others write them
    scores.py rows NPY VOCABULARY PRINTED      the rows of NPY are the vectors that `fasttext print-word-vectors` printed
"""
import json
import pathlib
import sys

import h5py
import numpy as np
import scipy.sparse as sp

import metrics as numpys


def read_xc(path, header=True):
    lines = pathlib.Path(path).read_text().split("\n")[:-1]
    shape = tuple(map(int, lines.pop(0).split()))
    entries = [(r, int(i), float(v)) for r, line in enumerate(lines) for i, v in (t.split(":") for t in line.split())]
    r, c, v = zip(*entries) if entries else ((), (), ())
    assert len(lines) == shape[0], path
    return ordered(sp.csr_matrix((np.array(v, np.float32), (r, c)), shape=shape))


def ordered(matrix):
    matrix = matrix.tocsr()
    matrix.sort_indices()
    return matrix


def read_h5(path):
    with h5py.File(path) as f:
        return ordered(sp.csr_matrix((f["data"][()], f["indices"][()], f["indptr"][()]), shape=tuple(f.attrs["shape"])))


def read_lines(path, labels, names):
    rows = []
    for i, line in enumerate(pathlib.Path(path).read_text().splitlines()):
        document = json.loads(line)
        assert document["document"] == i
        scores = [label["score"] for label in document["labels"]]
        assert scores == sorted(scores, reverse=True), "best first"
        assert all(label["name"] == names[label["id"]] for label in document["labels"]), "names"
        rows.append([(label["id"], label["score"]) for label in document["labels"]])
    return ordered(numpys.from_rows([sorted(row) for row in rows], labels).astype(np.float32))


def same(folder, labels_file):
    names = pathlib.Path(labels_file).read_text().splitlines()
    npz = ordered(sp.load_npz(f"{folder}/score.npz"))
    for other in (read_h5(f"{folder}/score.h5"), read_xc(f"{folder}/score.txt"),
                  read_lines(f"{folder}/score.jsonl", npz.shape[1], names)):
        assert other.shape == npz.shape and (other.indptr == npz.indptr).all()
        assert (other.indices == npz.indices).all() and (other.data == npz.data).all()
    assert npz.nnz > 0


def without(score, drop):
    keep = score - score.multiply(drop)  # a stored 0 stays stored only where nothing is dropped: scores here have none
    keep.eliminate_zeros()
    return ordered(keep)


def figures(score, truth, train, found, A=.55, B=1.5, drop=None):
    score, Y, T = ordered(score), read_xc(truth), read_xc(train)
    if drop is not None:
        score = without(score, drop)
    counts = np.asarray(T.sum(0)).ravel()
    expected = numpys.metrics(score, Y, numpys.inverse_propensity(counts, T.shape[0], A, B))
    for name, values in expected.items():
        assert np.abs(np.array(values) - found["metrics"][name]).max() < 1e-4, (name, values, found["metrics"][name])
    if "segments" in found:
        for name, table in zip(("head", "torso", "tail"), numpys.segments(score, Y, counts)):
            for key, value in table.items():
                assert np.abs(np.array(value) - found["segments"][name][key]).max() < 1e-4, (name, key)


def make(folder):
    rng = np.random.default_rng(11)
    rows, labels = 60, 35
    write_labels(f"{folder}/tst.txt", numpys.random_scores(rng, rng.integers(0, 7, rows), labels, [1.0]))
    write_labels(f"{folder}/trn.txt", numpys.random_scores(rng, rng.integers(1, 6, 200), labels, [1.0]))
    drop = numpys.random_scores(rng, rng.integers(0, 4, rows), labels, [1.0])
    pathlib.Path(f"{folder}/filter.txt").write_text("".join(f"{r} {c}\n" for r, c in zip(*drop.nonzero())))
    score = numpys.random_scores(rng, rng.integers(0, 20, rows), labels).astype(np.float32)
    sp.save_npz(f"{folder}/packed.npz", score)
    sp.save_npz(f"{folder}/stored.npz", score.astype(np.float64), compressed=False)
    order = [score.indices[a:b][np.argsort(-score.data[a:b], kind="stable")] for a, b in zip(score.indptr, score.indptr[1:])]
    dense = score.toarray()
    # Best first, as scipy stores them too: indices need not ascend.
    turned = sp.csr_matrix((np.concatenate([dense[r, o] for r, o in enumerate(order)]), np.concatenate(order), score.indptr),
                           shape=score.shape)
    sp.save_npz(f"{folder}/turned.npz", turned)
    for name, index, value in (("narrow", np.int32, np.float32), ("wide", np.int64, np.float64)):
        with h5py.File(f"{folder}/{name}.h5", "w") as f:
            f["indptr"], f["indices"] = turned.indptr.astype(index), turned.indices.astype(index)
            f.create_dataset("data", data=turned.data.astype(value), compression="gzip")
            f.attrs["shape"] = score.shape
    text = "".join(" ".join(f"{c}:{dense[r, c]!r}".replace("np.float32(", "").rstrip(")") for c in o) + "\n" for r, o in enumerate(order))
    pathlib.Path(f"{folder}/bare.txt").write_text(text)
    pathlib.Path(f"{folder}/header.txt").write_text(f"{rows} {labels}\n" + text)
    lines = [json.dumps({"labels": [{"score": float(dense[r, c]), "id": int(c)} for c in o], "document": r})
             for r, o in enumerate(order) if len(o)]
    rng.shuffle(lines)
    pathlib.Path(f"{folder}/shuffled.jsonl").write_text("\n".join(lines))


def write_labels(path, matrix):
    rows = [" ".join(f"{c}:1" for c in matrix.indices[a:b]) for a, b in zip(matrix.indptr, matrix.indptr[1:])]
    pathlib.Path(path).write_text("\n".join([f"{matrix.shape[0]} {matrix.shape[1]}"] + rows) + "\n")


def rows(npy, vocabulary, printed):
    array = np.load(npy)
    words = pathlib.Path(vocabulary).read_text().splitlines()
    vectors = {f[0]: np.array(f[1:], np.float32) for f in (line.split() for line in pathlib.Path(printed).read_text().splitlines())}
    assert array.dtype == np.float32 and len(array) == len(words)
    known = 0
    for row, word in zip(array, words):
        if word in vectors and vectors[word].any():
            known += 1
            assert np.allclose(row, vectors[word], rtol=1e-4, atol=1e-5), (word, row, vectors[word])
        else:
            assert row.any(), f"{word} was not drawn"
    print(known)


def filter_of(path, shape):
    pairs = np.loadtxt(path, int, ndmin=2)
    return sp.csr_matrix((np.ones(len(pairs)), pairs.T), shape=shape)


command, *arguments = sys.argv[1:]
if command == "same":
    same(*arguments)
elif command == "make":
    make(*arguments)
elif command == "rows":
    rows(*arguments)
elif command == "figures":
    score_file, truth_file, train_file, json_file, *extra = arguments
    found = json.loads(pathlib.Path(json_file).read_text())
    matrix = sp.load_npz(score_file)
    drop = filter_of(extra[2], matrix.shape) if len(extra) > 2 else None
    figures(matrix, truth_file, train_file, found, *map(float, extra[:2]), drop=drop)
else:
    sys.exit(__doc__)
