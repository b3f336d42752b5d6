#!/usr/bin/env python3
"""Encoder layers by torch, in double precision -> encoder_layers.json.

Each case: an architecture, random parameters and inputs; z, and for the loss sum(c * z) the gradients of all parameters and
inputs; then all parameters (running statistics and the spectral norm's u and v too) after three steps of Adam.

    python3 -m venv v && v/bin/pip install torch numpy && v/bin/python Tests/oracles/encoder_layers.py
"""
import json
import pathlib

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
LENGTHS = [3, 1, 6, 0, 2, 6]
D = 5


class Bag(nn.Module):
    def __init__(self, mean):
        super().__init__()
        self.mean = mean

    def forward(self, sequences, weights):
        sums = []
        for x, w in zip(sequences, weights):
            total = (x * w[:, None]).sum(0)
            sums.append(total / max(len(x), 1) if self.mean else total)
        return torch.relu(torch.stack(sums))


class LastState(nn.Module):
    """Final states over directions; empty rows are zeros."""

    def __init__(self, cell, hidden, layers=1, bidirectional=False):
        super().__init__()
        self.net = getattr(nn, cell)(D, hidden, layers, batch_first=True, bidirectional=bidirectional)

    def forward(self, sequences, weights):
        rows = [i for i, x in enumerate(sequences) if len(x)]
        padded = nn.utils.rnn.pad_sequence([sequences[i] for i in rows], batch_first=True)
        packed = pack_padded_sequence(
            padded, torch.tensor([len(sequences[i]) for i in rows]), batch_first=True, enforce_sorted=False)
        _, h = self.net(packed)
        h = h[0] if isinstance(h, tuple) else h
        directions = 2 if self.net.bidirectional else 1
        last = torch.cat([h[-directions + i] for i in range(directions)], 1)
        out = torch.zeros(len(sequences), last.shape[1])
        return out.index_copy(0, torch.tensor(rows), last)


class States(LastState):
    """The states at all tokens, of both directions side by side ("all"); with the token's own vector behind ("context"), or in one
    direction and added to the token's own vector ("residual")."""

    def __init__(self, cell, hidden, output):
        super().__init__(cell, hidden, 1, output != "residual")
        self.output = output

    def forward(self, sequences, weights):
        width = (2 if self.net.bidirectional else 1) * self.net.hidden_size
        states = [self.net(x[None])[0][0] if len(x) else torch.zeros(0, width) for x in sequences]
        join = {"all": lambda h, x: h, "context": lambda h, x: torch.cat([h, x], 1), "residual": lambda h, x: h + x}[self.output]
        return [join(h, x) for h, x in zip(states, sequences)]


class AttentionPool(nn.Module):
    """A weighted mean by a learnt query, head by head."""

    def __init__(self, width, heads):
        super().__init__()
        self.query, self.heads = nn.Parameter(torch.zeros(1, width)), heads

    def forward(self, sequences, weights):
        rows = []
        for x in sequences:
            if len(x) == 0:
                rows.append(torch.zeros(self.query.shape[1]))
                continue
            x = x.view(len(x), self.heads, -1)
            scores = (x * self.query.view(self.heads, -1)).sum(2) / x.shape[2] ** 0.5
            rows.append((torch.softmax(scores, 0)[..., None] * x).sum(0).flatten())
        return torch.stack(rows)


class MaxPool(nn.Module):
    def forward(self, sequences, weights):
        width = sequences[0].shape[1]
        return torch.stack([x.max(0).values if len(x) else torch.zeros(width) for x in sequences])


class Inception(nn.Module):
    """Convolutions over the dimensions of embedded words, whose channels are the words' places; weights as filters x (size, C)."""

    def __init__(self, tokens, channels, sizes, filters, stride, kernel, last, last_stride):
        super().__init__()
        self.tokens, self.sizes, self.stride, self.kernel, self.last_stride = tokens, sizes, stride, kernel, last_stride
        self.linear = nn.Linear(tokens, channels)
        self.conv = nn.ModuleList(nn.Linear(size * channels, filters) for size in sizes)
        self.last = nn.Linear(kernel * len(sizes) * filters, last)

    def convolve(self, x, layer, size, stride):
        kernel = layer.weight.view(layer.out_features, size, -1).transpose(1, 2)
        return nn.functional.conv1d(x, kernel, layer.bias, stride=stride)

    def forward(self, sequences, weights):
        rows = []
        for x in sequences:
            x = x[: self.tokens]
            words = nn.functional.pad(x, (0, 0, 0, self.tokens - len(x)))
            h = nn.functional.gelu(nn.functional.conv1d(words[None], self.linear.weight[..., None], self.linear.bias))
            branches = []
            for size, conv in zip(self.sizes, self.conv):
                left = (size - self.stride) // 2
                around = nn.functional.pad(h, (left, size - self.stride - left), mode="circular")
                branches.append(self.convolve(around, conv, size, self.stride))
            y = self.convolve(torch.cat(branches, 1), self.last, self.kernel, self.last_stride)
            rows.append(y[0].T.flatten() if len(x) else torch.zeros(y.numel()))
        return torch.stack(rows)


class Transformer(nn.Module):
    """BERT's, over each sequence alone; then the weighted mean, or the first vector."""

    def __init__(self, layers, heads, inner, positions, pooling):
        super().__init__()
        self.position, self.kind = nn.Parameter(torch.zeros(positions, D)), nn.Parameter(torch.zeros(1, D))
        self.norm, self.pooling = nn.LayerNorm(D, eps=1e-12), pooling
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(D, heads, inner, 0.0, "gelu", layer_norm_eps=1e-12, batch_first=True)
            for _ in range(layers))

    def forward(self, sequences, weights):
        rows = []
        for x, w in zip(sequences, weights):
            if len(x) == 0:
                rows.append(torch.zeros(D))
                continue
            y = self.norm(x + self.position[: len(x)] + self.kind)[None]
            for layer in self.layers:
                y = layer(y)
            rows.append(y[0, 0] if self.pooling == "cls" else (y[0] * w[:, None]).sum(0) / len(x))
        return torch.stack(rows)


class XMLCNN(nn.Module):
    """Weights as filters x (size, D), a window's vectors one after the other."""

    def __init__(self, sizes, filters, chunks, hidden):
        super().__init__()
        self.sizes, self.filters, self.chunks = sizes, filters, chunks
        self.conv = nn.ModuleList(nn.Linear(size * D, filters) for size in sizes)
        self.bottleneck = nn.Linear(len(sizes) * filters * chunks, hidden)

    def forward(self, sequences, weights):
        rows = []
        for x in sequences:
            if len(x) == 0:
                rows.append(torch.zeros(self.bottleneck.out_features))
                continue
            pooled = []
            for size, conv in zip(self.sizes, self.conv):
                left = (size - 1) // 2
                padded = nn.functional.pad(x.T[None], (left, size - 1 - left))
                kernel = conv.weight.view(self.filters, size, D).transpose(1, 2)
                maps = torch.relu(nn.functional.conv1d(padded, kernel, conv.bias))
                pooled.append(nn.functional.adaptive_max_pool1d(maps, self.chunks).flatten())
            rows.append(torch.relu(self.bottleneck(torch.cat(pooled))))
        return torch.stack(rows)


class Residual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer = nn.utils.spectral_norm(nn.Linear(inputs, outputs))
        self.pad = outputs - inputs

    def forward(self, x):
        return nn.functional.pad(x, (0, self.pad)) + torch.relu(self.layer(x))


class Network(nn.Module):
    def __init__(self, coarse, fine):
        super().__init__()
        self.coarse, self.fine = nn.ModuleList(coarse), nn.ModuleList(fine)

    def forward(self, sequences, weights):
        x = sequences
        for layer in self.coarse:
            x = layer(x, weights) if isinstance(layer, (Bag, LastState, XMLCNN, Transformer, AttentionPool, MaxPool, Inception)) else layer(x)
        intermediate = x
        for layer in self.fine:
            x = layer(x)
        return intermediate, x


def layer(kind, numbers=None, texts=None):
    return {"kind": kind, "numbers": numbers or {}, "texts": texts or {}}


def rounded(tensor):
    return [float(f"{value:.7g}") for value in tensor.detach().double().flatten().tolist()]


def tensor_of(network, name):
    names = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    return names[name]


def case(name, network, coarse, fine, names, sequences=True):
    """names: (name of our slot, torch's name), in the order of our slots."""
    for _, torch_name in names:
        tensor = tensor_of(network, torch_name)
        if torch_name.endswith(("_u", "_v")):
            continue
        with torch.no_grad():
            tensor.copy_((torch.rand_like(tensor) - 0.5) * 1.4)
            if "running_var" in torch_name:
                tensor.copy_(tensor.abs() + 0.5)
    start = {ours: rounded(tensor_of(network, theirs)) for ours, theirs in names}
    with torch.no_grad():  # what is written is what was used
        for ours, theirs in names:
            tensor = tensor_of(network, theirs)
            tensor.copy_(torch.tensor(start[ours]).view_as(tensor))
    if sequences:
        x = [((torch.rand(n, D) - 0.5) * 3).requires_grad_() for n in LENGTHS]
        w = [torch.rand(n) + 0.5 for n in LENGTHS]
        flat, weights = torch.cat([part.detach() for part in x]), torch.cat(w)
    else:
        x = ((torch.rand(len(LENGTHS), D) - 0.5) * 3).requires_grad_()
        w, flat, weights = None, x.detach(), torch.zeros(0)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    result = {"name": name, "coarse": coarse, "fine": fine, "inputDims": D, "lengths": LENGTHS if sequences else None,
              "x": rounded(flat), "weights": rounded(weights)}
    for step in range(3):
        intermediate, z = network(x, w)
        if step == 0:
            c = torch.rand_like(z) - 0.5
        optimiser.zero_grad()
        (c * z).sum().backward()
        if step == 0:
            gradient = {}
            for ours, theirs in names:
                trained = dict(network.named_parameters()).get(theirs)
                gradient[ours] = rounded(trained.grad) if trained is not None else []
            inputs = torch.cat([torch.zeros_like(part) if part.grad is None else part.grad for part in x]) if sequences else x.grad
            result |= {"intermediate": rounded(intermediate), "output": rounded(z), "c": rounded(c),
                       "inputGradient": rounded(inputs)}
        optimiser.step()
    result["slots"] = [
        {"name": ours, "isTrained": bool(gradient[ours]), "start": start[ours], "gradient": gradient[ours],
         "end": rounded(tensor_of(network, theirs))} for ours, theirs in names]
    return result


def recurrent(cell, layers, bidirectional):
    names = []
    for number in range(layers):
        for suffix in [f"l{number}", f"l{number}_reverse"][: 2 if bidirectional else 1]:
            for part in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]:
                names.append((f"coarse.1.rnn.{part}_{suffix}", f"coarse.0.net.{part}_{suffix}"))
    arguments = {"hidden_size": 3, "num_layers": layers, "bidirectional": int(bidirectional), "dropout": 0}
    return case(
        f"{cell}, {layers} layers, {'both directions' if bidirectional else 'forward'}",
        Network([LastState(cell, 3, layers, bidirectional)], []),
        [layer("astecpp", {"dropout": 0}), layer("rnn", arguments, {"cell_type": cell})], [layer("identity")], names)


def both(ours, theirs):
    return [(f"{ours}.{part}", f"{theirs}.{part}") for part in ["weight", "bias"]]


def transformer(layers, heads, pooling):
    ours, theirs = "coarse.0.transformer", "coarse.0"
    names = [(f"{ours}.embeddings.{part}", f"{theirs}.{name}") for part, name in [("position", "position"), ("type", "kind")]]
    names += both(f"{ours}.embeddings.norm", f"{theirs}.norm")
    for number in range(layers):
        mine, torchs = f"{ours}.layers.{number}", f"{theirs}.layers.{number}"
        names += [(f"{mine}.attention.projection.{part}", f"{torchs}.self_attn.in_proj_{part}") for part in ["weight", "bias"]]
        for part, name in [("attention.output", "self_attn.out_proj"), ("attention.norm", "norm1"), ("feedforward.in", "linear1"),
                           ("feedforward.out", "linear2"), ("feedforward.norm", "norm2")]:
            names += both(f"{mine}.{part}", f"{torchs}.{name}")
    arguments = {"num_layers": layers, "num_heads": heads, "intermediate_size": 8, "positions": 7, "dropout": 0,
                 "attention_dropout": 0}
    return case(
        f"transformer, {layers} layers of {heads} heads, {pooling}", Network([Transformer(layers, heads, 8, 7, pooling)], []),
        [layer("transformer", arguments), layer("pooling", {}, {"kind": pooling})], [layer("identity")], names)


def pooled(cell, output, pooling):
    parts = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    hidden, suffixes = (D, ["l0"]) if output == "residual" else (4, ["l0", "l0_reverse"])
    names = [(f"coarse.0.rnn.{part}_{suffix}", f"coarse.0.net.{part}_{suffix}") for suffix in suffixes for part in parts]
    pool, arguments = MaxPool(), {}
    if pooling == "attention":
        pool, arguments = AttentionPool(8, 2), {"num_heads": 2}
        names.append(("coarse.1.pooling.query", "coarse.1.query"))
    rnn = {"hidden_size": hidden, "num_layers": 1, "bidirectional": len(suffixes) - 1, "dropout": 0}
    return case(
        f"{cell}, {pooling} over {output}", Network([States(cell, hidden, output), pool], []),
        [layer("rnn", rnn, {"cell_type": cell, "output": output}), layer("pooling", arguments, {"kind": pooling})],
        [layer("identity")], names)


def inception():
    names = both("coarse.1.linear", "coarse.0.linear") + both("coarse.3.inception.conv.0", "coarse.0.conv.0")
    names += both("coarse.3.inception.conv.1", "coarse.0.conv.1") + both("coarse.4.conv1d.conv.0", "coarse.0.last")
    return case(
        "convolutions over dimensions", Network([Inception(4, 3, [1, 3], 2, 1, 2, 3, 2)], []),
        [layer("turn", {"tokens": 4}), layer("linear", {"output_size": 3}), layer("gelu"),
         layer("inception", {"num_filters": 2, "stride": 1}, {"filter_sizes": "[1, 3]"}),
         layer("conv1d", {"kernel_size": 2, "num_filters": 3, "stride": 2}), layer("flatten")], [layer("identity")], names)


def residual(outputs, reduction):
    torch_names = ["weight_orig", "bias", "weight_u", "weight_v"]
    names = [("fine.0.residual." + name.removesuffix("_orig"), "fine.0.layer." + name) for name in torch_names]
    return case(
        f"astec ({reduction}) and residual {D} -> {outputs}", Network([Bag(reduction == "mean")], [Residual(D, outputs)]),
        [layer("astec", {"dropout": 0}, {"reduction": reduction})],
        [layer("residual", {"output_size": outputs, "dropout": 0}, {"init": "eye"})], names)


def main():
    cases = [recurrent(cell, layers, two) for cell in ["RNN", "GRU", "LSTM"] for layers, two in [(1, False), (2, True)]]
    cases.append(case(
        "xmlcnn", Network([XMLCNN([2, 3], 3, 2, 6)], []),
        [layer("xmlcnn", {"num_filters": 3, "pooling_units": 2, "hidden_size": 6, "dropout": 0},
               {"filter_sizes": "[2, 3]"})], [layer("identity")],
        both("coarse.0.xmlcnn.conv.0", "coarse.0.conv.0") + both("coarse.0.xmlcnn.conv.1", "coarse.0.conv.1")
        + both("coarse.0.xmlcnn.bottleneck", "coarse.0.bottleneck")))
    cases += [residual(size, reduction) for size, reduction in [(D, "sum"), (7, "mean"), (3, "sum")]]
    for function, module in [("relu", nn.ReLU), ("gelu", nn.GELU), ("tanh", nn.Tanh), ("sigmoid", nn.Sigmoid)]:
        cases.append(case(
            f"dense features, mlp ({function})", Network([], [nn.Sequential(nn.Linear(D, 6), module(), nn.Linear(6, 4))]),
            [layer("_identity")], [layer("mlp", {}, {"hidden_size": "6,4", "nnl": function})],
            both("fine.0.mlp.0", "fine.0.0") + both("fine.0.mlp.1", "fine.0.2"), sequences=False))
    cases.append(case(
        "dense features, linear, batchnorm1d, relu",
        Network([nn.Linear(D, 4, bias=False)], [nn.BatchNorm1d(4), nn.ReLU()]),
        [layer("linear", {"in_features": D, "out_features": 4, "bias": 0})],
        [layer("batchnorm1d", {"num_features": 4}), layer("relu")],
        [("coarse.0.linear.weight", "coarse.0.weight")] + both("fine.0.batchnorm1d", "fine.0")
        + [(f"fine.0.batchnorm1d.{part}", f"fine.0.{part}") for part in ["running_mean", "running_var"]], sequences=False))
    cases += [transformer(2, 1, "mean"), transformer(1, 5, "cls")]
    cases += [pooled("GRU", "all", "attention"), pooled("LSTM", "context", "max"), inception()]
    cases += [pooled("GRU", "residual", "max")]
    path = pathlib.Path(__file__).with_name("encoder_layers.json")
    path.write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")
    print(len(cases), "cases,", path.stat().st_size, "bytes")


main()
