#!/usr/bin/env python3
"""Memory and time of the shipped configs on 1, 8 and 64 ranks: the tables of configs/README.md.

    python3 Tests/oracles/plan_estimates.py            prints the tables
    python3 Tests/oracles/plan_estimates.py --check    fails where configs/README.md holds others

Memory is the formula of Sources/Coordinator/Plan/{MemoryEstimate,WorkerMemory}.swift. Time is a sum of step costs whose constants are the
measurements of docs/PERFORMANCE.md (kernels, one learner) and of Sources/DeepXMLModel/Shortlist/SearchPlan.swift (search).
One learner, one thread a rank; no data set is needed, nor any package.
"""

import json
import math
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
RANKS = (1, 8, 64)

# N train, N test, V, L: see configs/README.md for where these come from.
DATASETS = {
    "EURLex-4K": (15539, 3809, 5000, 3993),
    "LF-AmazonTitles-131K": (294805, 134835, 40000, 131073),
    "LF-Amazon-131K": (294805, 134835, 80000, 131073),
    "LF-WikiSeeAlsoTitles-320K": (693082, 177515, 40000, 312330),
    "LF-WikiSeeAlso-320K": (693082, 177515, 80000, 312330),
    "WikiSeeAlsoTitles-350K": (629418, 162491, 91414, 352072),
    "LF-WikiTitles-500K": (1813391, 783743, 80000, 501070),
    "WikiTitles-500K": (1699722, 722678, 185479, 501070),
    "AmazonTitles-670K": (485176, 150875, 66666, 670091),
    "Amazon-670K": (490449, 153025, 135909, 670091),
    "LF-AmazonTitles-1.3M": (2248619, 970237, 128000, 1305265),
    "AmazonTitles-3M": (1712536, 739665, 165431, 2812281),
}
WORDNET = (13114, 3282, 12136, 4015)

# docs/PERFORMANCE.md: a one-vs-all step; bounds of a shortlist step, and the part of its bound that it reaches.
ONE_VS_ALL_FLOPS = 89e9
SHORTLIST_FLOPS, COPY_BYTES, SHORTLIST_REACHES = 94e9, 27.8e9, 0.52
# Seconds a document and epoch at D = 300 that are no kernel's: what is left of the measured learner (WordNetSmall, one worker, one
# thread: 10.0, 9.1 and 4.7 s) after the kernels' time; and what of it each worker of a group does in full.
OVERHEAD = {"full": 18e-6, "frozen": 12e-6, "shortlist": 20e-6}
EACH = 2e-6
# Seconds a label of clustering.
CLUSTERING = 60e-6
# SearchPlan.swift.
EXACT_FLOPS, GRAPH_FLOPS = 70e9, 5e9


def config(framework, dataset):
    return json.loads((ROOT / "configs" / framework / f"{dataset}.json").read_text())


PROGRAM = 64 << 20


def with_texts(sizes, c):
    """N train with the labels' texts, where these are documents."""
    train, test, tokens, labels = sizes
    return (train + (labels if c["global"].get("label_text_documents") else 0), test, tokens, labels)


def worker(framework, sizes, c, m):
    """Bytes of one of m workers with Astec's encoder, the mapped files not counted (WorkerMemory.swift)."""
    train, test, tokens, labels = sizes
    share = lambda count: -(-count // m)
    D = c["global"]["embedding_dims"]
    extreme, reranker = c["extreme"], c.get("reranker") if c["global"].get("use_reranker") else None
    surrogate = c.get("surrogate") if framework == "DeepXML" else None
    # A one-vs-all run holds no shortlists and no graphs.
    shortlist = min(extreme["num_nbrs"], labels) if framework != "DeepXML-OVA" else 0
    listed = min(reranker.get("num_nbrs", c["global"]["top_k"]), labels) if reranker else 0
    moves = not (extreme.get("freeze_intermediate") and extreme.get("use_intermediate_for_shorty"))
    clusters = share(min(c["global"]["surrogate_threshold"], labels)) if surrogate else 0
    floats = (1 if extreme.get("freeze_intermediate") else 3) + (3 if reranker else 0)
    batch = max(section["batch_size"] for section in (surrogate, extreme, reranker) if section)
    points = share(train) + share(labels) if shortlist else 0
    pairs = max(shortlist, listed)
    return (
        4 * max(floats, 4 if surrogate else 0) * tokens * share(D)
        + 12 * max(share(labels) * (2 if reranker else 1), clusters) * (D + 1)
        + 16 * (2 if surrogate or reranker else 1) * D * D
        + (share(train) * (16 if moves else 12) + share(test) * (16 if reranker else 8)) * shortlist
        + (4 * share(train) + max(8 * share(train), 16 * share(test))) * listed
        + points * (4 * D + 8 * extreme.get("M", 0))
        + 4 * batch * D * (8 + 1) + (16 * batch * (pairs + 150) if pairs else 0)
        + PROGRAM
    )


def coordinator(framework, sizes, c):
    """Bytes of rank 0 of several, for one learner: blocks of scores that are merged and measured, and a little a document and label."""
    _, test, _, labels = sizes
    kept = min(c["global"]["top_k"], labels)
    stages = 1 if framework == "DeepXML-OVA" else 2
    reranker = framework == "DeepXML" and c["global"].get("use_reranker") or "reranker" in c and c["global"].get("use_reranker")
    lists = stages + (1 if reranker else 0)
    block = min(512, test) * kept
    merged = 8 * block * 8 * stages + 48 * block
    measured = min(4096, test) * kept * 8 * (2 * lists + 6)
    return merged + measured + 8 * (test + 1) * 2 * lists + 32 * labels + PROGRAM


def overhead(kind, D, m):
    each = EACH if m > 1 else 0
    return (each + (OVERHEAD[kind] - each) / m) * (D / 300) ** 2


def clustering(labels, clusters, m):
    """Walks and centroids are half of it. A level of 2^i nodes has at most 2^i workers."""
    levels = max(1, math.log2(max(2, clusters)))
    level = 0.5 * labels * CLUSTERING / levels
    return sum(level / min(m, 2**i) for i in range(int(levels))) + 0.5 * labels * CLUSTERING / m


def one_vs_all(documents, labels, D, m):
    return documents * (overhead("full", D, m) + 6 * D * labels / ONE_VS_ALL_FLOPS / m)


def shortlist_epoch(documents, labels, pairs, D, m, batch, kind):
    """The larger of the step's flop and its bytes; labels of a batch taken as drawn at random, which is the worst case."""
    pairs = min(pairs, labels)
    distinct = labels * -math.expm1(batch * pairs * math.log1p(-1 / labels))
    step = max(6 * D * batch * pairs / SHORTLIST_FLOPS, 24 * D * distinct / COPY_BYTES) / SHORTLIST_REACHES
    return documents * (overhead(kind, D, m) + step / batch / m)


def search(queries, database, D, M, efC, efS, m):
    """Which is cheaper is asked of the whole; a worker's graph holds its own part, where all queries are looked for."""
    exact = 2 * queries * database * D / EXACT_FLOPS
    looked_at = lambda count, width: count * width * M / (count + width * M)
    graph = lambda count: (count * looked_at(count, efC) + queries * looked_at(count, efS)) * 2 * D / GRAPH_FLOPS
    return exact / m if exact < graph(database) else graph(database / m)


def shortlists(sizes, D, e, m):
    """Module II: label centroids, and documents with a quarter of efS, a sixth of efC and half of M as the original."""
    train, test, _, labels = sizes
    centroids = search(train + test, labels, D, e["M"], e["efC"], e["efS"], m)
    documents = search(train + test, train, D, e["M"] // 2, e["efC"] // 6, e["efS"] // 4, m)
    return centroids + documents


def seconds(framework, sizes, c, ranks):
    """Seconds of one learner, and of its scores of the test documents."""
    _, test, _, labels = sizes
    scored = labels if framework == "DeepXML-OVA" else min(c["extreme"]["num_nbrs"], labels)
    scoring = 2 * test * scored * c["global"]["embedding_dims"] / EXACT_FLOPS
    return training_seconds(framework, sizes, c, ranks) + scoring / max(ranks - 1, 1)


def training_seconds(framework, sizes, c, ranks):
    train, _, _, labels = sizes
    m = max(ranks - 1, 1)
    D, e = c["global"]["embedding_dims"], c["extreme"]
    if framework == "DeepXML-OVA":
        return e["num_epochs"] * one_vs_all(train, labels, D, m)
    pairs = e["num_nbrs"] + 150
    if framework == "DeepXML-ANNS":
        graphs = 1 + (e["num_epochs"] - 1) // e["retrain_hnsw_after"]
        training = e["num_epochs"] * shortlist_epoch(train, labels, pairs, D, m, e["batch_size"], "shortlist")
        return graphs * shortlists(sizes, D, e, m) + training
    s, r = c["surrogate"], c["reranker"]
    clusters = min(c["global"]["surrogate_threshold"], labels)
    total = clustering(labels, clusters, m) + s["num_epochs"] * one_vs_all(train, clusters, D, m)
    total += shortlists(sizes, D, e, m)
    total += e["num_epochs"] * shortlist_epoch(train, labels, pairs, D, m, e["batch_size"], "frozen")
    return total + r["num_epochs"] * shortlist_epoch(train, labels, c["global"]["top_k"], D, m, r["batch_size"], "shortlist")


def quantity(value, units):
    for size, unit in units:
        if value >= size:
            return f"{value / size:.0f} {unit}" if value >= 10 * size else f"{value / size:.1f} {unit}"
    return f"{value:.0f} s"


def table(framework):
    memory_units = [(2**30, "GiB"), (2**20, "MiB")]
    time_units = [(86400, "d"), (3600, "h"), (60, "min")]
    lines = [f"| {framework} | 1 rank | coordinator | worker of 8 | worker of 64 | time on 1 | on 8 | on 64 |", "|---|" + 7 * "---|"]
    for dataset, sizes in DATASETS.items():
        c = config(framework, dataset)
        sizes = with_texts(sizes, c)
        one = worker(framework, sizes, c, 1) + coordinator(framework, sizes, c) - PROGRAM
        parts = [one, coordinator(framework, sizes, c)] + [worker(framework, sizes, c, ranks - 1) for ranks in RANKS[1:]]
        cells = [quantity(value, memory_units) for value in parts]
        cells += [quantity(seconds(framework, sizes, c, ranks), time_units) for ranks in RANKS]
        lines.append(f"| {dataset} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    tables = [table(framework) for framework in ("DeepXML", "DeepXML-ANNS", "DeepXML-OVA")]
    if sys.argv[1:] != ["--check"]:
        c = config("DeepXML", "WordNetSmall")
        print("\n\n".join(tables))
        print(f"\nWordNetSmall, DeepXML: {seconds('DeepXML', WORDNET, c, 1):.0f} s on 1 rank, "
              f"{seconds('DeepXML', WORDNET, c, 3):.0f} s on 3 (measured: 28 s, and 16 to 18 s)")
        return
    text = (ROOT / "configs" / "README.md").read_text()
    missing = [line for text_table in tables for line in text_table.splitlines() if line not in text]
    if missing:
        sys.exit("configs/README.md does not have these lines:\n" + "\n".join(missing))


main()
