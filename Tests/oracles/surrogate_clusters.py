"""Oracle of SurrogateClusteringTests: module I's label clusters in plain Python and float64 numpy.

    python3 surrogate_clusters.py > surrogate_clusters.json     (needs numpy)

The data come from a small generator that the test has too (`SurrogateExample`), so the file holds results only. Every
row is written out densely here and every sort is a full sort: nothing is shared with the Swift code but the definition.
"""
import json
import math

import numpy as np


def philox(key, counter):
    """Philox 4x32-10 (Salmon et al., SC 2011)."""
    k0, k1 = key
    c = list(counter)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [p1 >> 32 ^ c[1] ^ k0, p1 & 0xFFFFFFFF, p0 >> 32 ^ c[3] ^ k1, p0 & 0xFFFFFFFF]
        k0, k1 = k0 + 0x9E3779B9 & 0xFFFFFFFF, k1 + 0xBB67AE85 & 0xFFFFFFFF
    return c


class Generator:
    """Knuth's 64-bit linear congruential generator, upper 31 bits."""

    def __init__(self, state):
        self.state = state

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % bound


def example(documents, labels, features):
    """Documents in topics: labels and features of a document lie near its topic's."""
    g = Generator(documents * 1000003 + labels)
    x, y = np.zeros((documents, features)), np.zeros((documents, labels))
    for i in range(documents):
        topic = i % labels
        y[i, topic] = 1
        for _ in range(3):
            y[i, (topic // 8 * 8 + g.below(8)) % labels if g.below(4) else g.below(labels)] = 1
        for _ in range(9):
            feature = (topic * 3 + g.below(12)) % features if g.below(3) else g.below(features)
            x[i, feature] = (1 + g.below(31)) / 32
    return x, y


def cooccurrence(y, seed, steps=50, restart=0.2, keep=10):
    labels = y.shape[1]
    c = np.zeros((labels, labels))
    for l in range(labels):
        visits, at = np.zeros(labels, int), l
        for step in range(steps):
            words = philox((seed & 0xFFFFFFFF, seed >> 32 ^ 0x57414C4B), (step, l, 0, 0))
            if words[0] < int(restart * 2**32):
                at = l
            documents = np.flatnonzero(y[:, at])
            document = documents[words[1] * len(documents) >> 32]
            own = np.flatnonzero(y[document])
            at = own[words[2] * len(own) >> 32]
            visits[at] += 1
        best = sorted(np.flatnonzero(visits), key=lambda j: (-visits[j], j))[:keep]
        for j in best:
            c[l, j] = visits[j]
        c[l, l] = max(visits[l], 1)
    return c / c.sum(1, keepdims=True)


def unit(rows):
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(norms == 0, 1, norms)


def cut(rows, level, index, seed):
    words = philox((seed & 0xFFFFFFFF, seed >> 32 ^ 0x53504C54), (0, index, level, 0))
    n = len(rows)
    first, second = words[0] * n >> 32, words[1] * (n - 1) >> 32
    second += second >= first
    centroids, before, now, margin = rows[[first, second]], -1e6, -2.0, 1.0
    while now - before >= 1e-4:
        similarity = rows @ centroids.T
        difference = similarity[:, 1] - similarity[:, 0]
        order = np.argsort(difference, kind="stable")
        halves = np.sort(order[: (n + 1) // 2]), np.sort(order[(n + 1) // 2 :])
        margin = min(margin, difference[halves[1]].min() - difference[halves[0]].max())
        centroids = unit(np.stack([rows[h].mean(0) for h in halves]))
        similarity = rows @ centroids.T
        before, now = now, sum(similarity[h, i].sum() for i, h in enumerate(halves))
    return halves, margin


def clusters(x, y, threshold, seed):
    labels = y.shape[1]
    wanted = min(2 ** math.ceil(math.log2(threshold)), 2 ** int(math.log2(labels)))
    c = cooccurrence(y, seed)
    rows = unit(c @ (y.T @ x))
    nodes, margin, level = [np.arange(labels)], 1.0, 0
    while len(nodes) < wanted:
        below = []
        for index, node in enumerate(nodes):
            halves, gap = cut(rows[node], level, index, seed)
            margin = min(margin, gap)
            below += [node[h] for h in halves]
        nodes, level = below, level + 1
    assert margin > 1e-6, f"a near tie ({margin}): float32 may cut otherwise; choose another example"
    cluster_of = np.zeros(labels, int)
    for index, node in enumerate(nodes):
        cluster_of[node] = index
    return c, cluster_of


def case(documents, labels, features, threshold, seed):
    x, y = example(documents, labels, features)
    c, cluster_of = clusters(x, y, threshold, seed)
    shown = list(range(0, labels, max(1, labels // 8)))
    return {
        "documents": documents, "labels": labels, "features": features, "threshold": threshold, "seed": seed,
        "shown": shown,
        "cooccurrence": [[[int(j), round(c[l, j], 7)] for j in np.flatnonzero(c[l])] for l in shown],
        "clusters": cluster_of.tolist(),
    }


if __name__ == "__main__":
    cases = [
        case(120, 40, 60, 8, 108), case(120, 40, 60, 1000, 666), case(900, 300, 700, 32, 108),
        case(900, 300, 700, 20, 2**40 + 7), case(60, 20, 30, 5, 786),
    ]
    print(json.dumps(cases, separators=(",", ":")))
