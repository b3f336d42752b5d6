#!/usr/bin/env python3
"""Oracle of the optimisers: writes Tests/oracles/optimisers.json.

    python3 -m venv /tmp/oracles && /tmp/oracles/bin/pip install numpy torch
    /tmp/oracles/bin/python Tests/oracles/optimisers.py

Twelve steps of torch's own Adam and SGD in double precision on the same gradients, with and without weight decay.
"""
import json
import pathlib

import numpy as np
import torch

COUNT, STEPS, LEARNING_RATE = 5, 12, 0.05
CASES = [
    ("Adam", 0.0, 0.0),
    ("Adam", 0.0, 0.1),
    ("SGD", 0.0, 0.0),
    ("SGD", 0.9, 0.0),
    ("SGD", 0.7, 0.1),
]


def run(kind, momentum, decay, start, gradients):
    p = torch.nn.Parameter(torch.tensor(start))
    if kind == "Adam":
        optimiser = torch.optim.Adam([p], lr=LEARNING_RATE, weight_decay=decay)
    else:
        optimiser = torch.optim.SGD([p], lr=LEARNING_RATE, momentum=momentum, weight_decay=decay)
    for gradient in gradients:
        p.grad = torch.tensor(gradient)
        optimiser.step()
    return p.detach().tolist()


def main():
    rng = np.random.default_rng(3)
    start = rng.normal(size=COUNT).astype(np.float32).astype(float)
    gradients = rng.normal(size=(STEPS, COUNT)).astype(np.float32).astype(float)
    cases = [
        {"kind": kind, "momentum": momentum, "decay": decay, "end": run(kind, momentum, decay, start, gradients)}
        for kind, momentum, decay in CASES
    ]
    data = {"learningRate": LEARNING_RATE, "start": start.tolist(), "gradients": gradients.tolist(), "cases": cases}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(data, separators=(",", ":")) + "\n")


main()
