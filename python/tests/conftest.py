"""Small data whose labels can be learned."""

import os
import subprocess

import numpy as np
import pytest
import scipy.sparse as sp

from deepxml_dist import train


@pytest.fixture(scope="session")
def data():
    rng = np.random.default_rng(1)
    truth = sp.random(300, 20, density=0.1, random_state=1, format="csr")
    truth.data[:] = 1
    mixing = sp.random(20, 80, density=0.1, random_state=2, format="csr")
    features = sp.csr_matrix(truth @ mixing) + sp.random(300, 80, density=0.02, random_state=3, format="csr")
    assert rng is not None
    return sp.csr_matrix(features, dtype=np.float32), truth


@pytest.fixture(scope="session")
def program():
    named = os.environ.get("DEEPXML_DIST", "deepxml-dist")
    assert subprocess.run([named, "--version"], capture_output=True).returncode == 0, "set DEEPXML_DIST to the program"
    return named


@pytest.fixture(scope="session")
def model(data, tmp_path_factory, program):
    X, Y = data
    names = [f"label {i}" for i in range(Y.shape[1])]
    return train(X, Y, seeds=[1], work=tmp_path_factory.mktemp("work"), label_names=names, progress=False)


@pytest.fixture(scope="session")
def text_model(tmp_path_factory, program):
    """Made from text: a document says which animal it is about."""
    work = tmp_path_factory.mktemp("text")
    animals = ["cat", "dog", "horse", "snake", "crow"]
    rng = np.random.default_rng(5)
    lines = []
    for i in range(200):
        animal = animals[i % 5]
        filler = " ".join(rng.choice(["big", "small", "old", "quick", "lazy"], 3))
        lines.append(f"{animal}\tthe {animal} is a {filler} animal number {i % 7}\n")
    (work / "train.tsv").write_text("".join(lines))
    (work / "test.tsv").write_text("".join(lines[:20]))
    data = str(work / "data")
    run = [program, "prepare", "--train", work / "train.tsv", "--test", work / "test.tsv", "--name", "Animals"]
    subprocess.run([*run, "--data", data, "--embeddings", "none", "--quiet"], check=True, capture_output=True)
    command = [program, "train", "--framework", "DiSMEC", "--dataset", "Animals", "--data", data, "--work", str(work)]
    subprocess.run([*command, "--seeds", "1"], check=True, capture_output=True)
    return str(work / "models" / "DiSMEC" / "Linear" / "Animals" / "v_0_1")
