#!/usr/bin/env python3
"""A BERT of a folder by the `transformers` package, in double precision -> a JSON file that PretrainedOracleTests reads.

    python3 -m venv v && v/bin/pip install torch transformers
    v/bin/python Tests/oracles/pretrained.py FOLDER /tmp/pretrained.json
    DEEPXML_PRETRAINED=FOLDER DEEPXML_PRETRAINED_ORACLE=/tmp/pretrained.json swift test --filter PretrainedOracleTests

For made-up sequences: the first vector and the mean of the last layer; for the loss sum(c * mean) the gradients of the words'
embeddings at each token, and the beginning of each parameter's.
"""
import json
import sys

import torch
from transformers import AutoModel

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
LENGTHS = [1, 2, 17, 40, 9]
FIRST = 200


def rounded(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().double().flatten().tolist()]


def main(folder, path):
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").double().eval()
    ids = [torch.randint(0, model.config.vocab_size, (n,)) for n in LENGTHS]
    c = torch.rand(len(ids), model.config.hidden_size) - 0.5
    words, firsts, means, loss = [], [], [], 0
    for row, tokens in enumerate(ids):
        vectors = model.embeddings.word_embeddings.weight.detach()[tokens].clone().requires_grad_()
        hidden = model(inputs_embeds=vectors[None]).last_hidden_state[0]
        words.append(vectors)
        firsts.append(hidden[0])
        means.append(hidden.mean(0))
        loss = loss + (c[row] * means[row]).sum()
    loss.backward()
    gradients = {name: rounded(p.grad.flatten()[:FIRST]) for name, p in model.named_parameters() if p.grad is not None}
    result = {
        "ids": [tokens.tolist() for tokens in ids], "c": rounded(c), "first": rounded(torch.stack(firsts)),
        "mean": rounded(torch.stack(means)), "words": rounded(torch.cat([word.grad for word in words])),
        "gradients": gradients}
    with open(path, "w") as file:
        json.dump(result, file)
    print(len(ids), "sequences,", len(gradients), "parameters")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
