#!/usr/bin/env python3
"""Oracle of ten training steps of each module: writes Tests/oracles/astec_steps.json.

    python3 -m venv /tmp/oracles && /tmp/oracles/bin/pip install numpy torch
    /tmp/oracles/bin/python Tests/oracles/astec_steps.py

The network of DESIGN.md §1 in plain torch, double precision: autograd's gradients, torch's own Adam and SparseAdam, its
own spectral_norm. No dropout, fixed negatives. Adam is lazy (SparseAdam on sparse gradients) for the token embeddings and
for the shortlist classifier's rows and biases, dense for all else.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

V, L, D, B, STEPS, DOCUMENTS, LEARNING_RATE = 20, 12, 8, 6, 10, 24, 0.01
torch.set_default_dtype(torch.float64)


def float32(array):
    """Numbers that a 32-bit float holds exactly, so that both sides start from the same."""
    return np.asarray(array, np.float32).astype(float)


def make_data(rng):
    features, labels, negatives = [], [], []
    for _ in range(DOCUMENTS):
        tokens = np.sort(rng.choice(V, rng.integers(2, 6), replace=False))
        weights = rng.random(len(tokens)) + 0.2
        features.append([tokens.tolist(), float32(weights / np.linalg.norm(weights)).tolist()])
        both = rng.choice(L, 3, replace=False)
        count = rng.integers(1, 3)
        labels.append(np.sort(both[:count]).tolist())
        negatives.append(np.sort(both[count:]).tolist())
    # Some labels and tokens are never met in a step: lazy and dense Adam then differ. The last batch is a short one.
    batches = [rng.choice(DOCUMENTS, B if s < STEPS - 1 else B - 2, replace=False).tolist() for s in range(STEPS)]
    return {"features": features, "labels": labels, "negatives": negatives, "batches": batches}


def make_start(rng):
    unit = lambda x: x / np.linalg.norm(x)
    return {
        "embeddings": float32(rng.normal(0, 0.5, (V, D))),
        "residual": float32(np.eye(D) + rng.normal(0, 0.15, (D, D))),
        "residualBias": float32(rng.normal(0, 0.1, D)),
        "u": float32(unit(rng.normal(size=D))),
        "v": float32(unit(rng.normal(size=D))),
        "weight": float32(rng.uniform(-1, 1, (L, D)) / np.sqrt(D)),
        "bias": float32(rng.uniform(-1, 1, L) / np.sqrt(D)),
    }


class Residual(torch.nn.Module):
    def __init__(self, start):
        super().__init__()
        linear = torch.nn.Linear(D, D)
        self.linear = torch.nn.utils.spectral_norm(linear)
        with torch.no_grad():
            linear.weight_orig.copy_(torch.tensor(start["residual"]))
            linear.bias.copy_(torch.tensor(start["residualBias"]))
            linear.weight_u.copy_(torch.tensor(start["u"]))
            linear.weight_v.copy_(torch.tensor(start["v"]))

    def forward(self, x):
        return x + F.relu(self.linear(x))


def encode(E, data, docs):
    """Σ_t x_t E_t of each document; its gradient is sparse: only rows of the batch's tokens."""
    tokens = torch.tensor([t for d in docs for t in data["features"][d][0]])
    weights = torch.tensor([w for d in docs for w in data["features"][d][1]])
    rows = torch.tensor([i for i, d in enumerate(docs) for _ in data["features"][d][0]])
    looked_up = F.embedding(tokens, E, sparse=True) * weights[:, None]
    return F.relu(torch.zeros(len(docs), D).index_add(0, rows, looked_up))


def full_loss(z, W, b, data, docs):
    target = torch.zeros(len(docs), L)
    for i, d in enumerate(docs):
        target[i, data["labels"][d]] = 1
    return F.binary_cross_entropy_with_logits(z @ W.T + b[:, 0], target)


def shortlist_loss(z, W, b, data, docs):
    pairs = [(i, l, y) for i, d in enumerate(docs) for y, name in ((1.0, "labels"), (0.0, "negatives")) for l in data[name][d]]
    rows, labels = torch.tensor([p[0] for p in pairs]), torch.tensor([p[1] for p in pairs])
    logits = (z[rows] * F.embedding(labels, W, sparse=True)).sum(1) + F.embedding(labels, b, sparse=True)[:, 0]
    target = torch.tensor([p[2] for p in pairs])
    return F.binary_cross_entropy_with_logits(logits, target, reduction="sum") / len(docs)


def train(data, start, *, full, trains_encoder):
    E, W = (torch.nn.Parameter(torch.tensor(start[name])) for name in ("embeddings", "weight"))
    b = torch.nn.Parameter(torch.tensor(start["bias"][:, None]))
    residual = Residual(start).train()
    dense, sparse = list(residual.parameters()), []
    (dense if full else sparse).extend([W, b])
    if trains_encoder:
        sparse.append(E)
    optimisers = [torch.optim.Adam(dense, lr=LEARNING_RATE)]
    if sparse:
        optimisers.append(torch.optim.SparseAdam(sparse, lr=LEARNING_RATE))
    losses = []
    for docs in data["batches"]:
        x = encode(E if trains_encoder else E.detach(), data, docs)
        loss = (full_loss if full else shortlist_loss)(residual(x), W, b, data, docs)
        for optimiser in optimisers:
            optimiser.zero_grad()
        loss.backward()
        for optimiser in optimisers:
            optimiser.step()
        losses.append(loss.item())
    linear = residual.linear
    end = {"embeddings": E, "residual": linear.weight_orig, "residualBias": linear.bias, "u": linear.weight_u,
           "v": linear.weight_v, "weight": W, "bias": b[:, 0]}
    return {"losses": losses, "end": {name: rounded(t.detach().numpy()) for name, t in end.items()}}


def rounded(array):
    return [float(f"{x:.9g}") for x in np.asarray(array).ravel()]


def main():
    rng = np.random.default_rng(20191)
    data, start = make_data(rng), make_start(rng)
    modules = {
        "full": train(data, start, full=True, trains_encoder=True),
        "frozen": train(data, start, full=False, trains_encoder=False),
        "trained": train(data, start, full=False, trains_encoder=True),
    }
    oracle = {
        "vocabulary": V, "labelCount": L, "dims": D, "learningRate": LEARNING_RATE, "data": data,
        "start": {name: array.ravel().tolist() for name, array in start.items()}, "modules": modules,
    }
    path = pathlib.Path(__file__).with_name("astec_steps.json")
    path.write_text(json.dumps(oracle, separators=(",", ":")) + "\n")
    for name, module in modules.items():
        print(name, module["losses"][0], module["losses"][-1])


main()
