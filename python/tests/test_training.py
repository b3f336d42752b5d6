"""Training from matrices: ensembles, ranks, dense features, going on, errors."""

import gc
import os
import pickle
import subprocess
import sys
import tempfile

import numpy as np
import pytest
import scipy.sparse as sp

from deepxml_dist import DeepXMLError, UsageError, train

QUICK = {"extreme.num_epochs": 2, "extreme.init": "random", "global.embedding_dims": 16}


def test_an_ensemble_on_two_ranks(data, tmp_path):
    X, Y = data
    lines = []
    model = train(
        X[:250], Y[:250], X[250:], Y[250:], framework="DeepXML-OVA", settings=QUICK, seeds=[1, 2], ranks=2, threads=1,
        work=tmp_path, progress=lines.append,
    )  # fmt: skip
    assert model.learners == 2 and model.predict(X[:4], 3).shape == (4, 20)
    assert any("P@1" in line for line in lines)
    # The same call finds everything done, and returns the same model.
    again = train(
        X[:250], Y[:250], X[250:], Y[250:], framework="DeepXML-OVA", settings=QUICK, seeds=[1, 2], ranks=2, threads=1,
        work=tmp_path, progress=False,
    )  # fmt: skip
    assert again.folder == model.folder
    assert (again.predict(X, 3) != model.predict(X, 3)).nnz == 0


def test_dense_features(data, tmp_path):
    X, Y = data
    dense = X.toarray()
    model = train(dense, Y, framework="Slice", seeds=[1], work=tmp_path, progress=False)
    scores = model.predict(dense[:20], 2)
    assert scores.shape == (20, 20) and scores.nnz > 0


def test_errors(data, tmp_path):
    X, Y = data
    with pytest.raises(UsageError, match="299 of labels"):
        train(X, Y[:299], work=tmp_path, progress=False)
    with pytest.raises(UsageError, match="go together"):
        train(X, Y, X, work=tmp_path, progress=False)
    with pytest.raises(UsageError, match="unknown key"):
        train(X, Y, settings={"extreme.epochs": 3}, work=tmp_path, progress=False)
    with pytest.raises(DeepXMLError, match="DeepXML-OVA"):
        train(X, Y, framework="DeepXMLOVA", work=tmp_path, progress=False)
    assert not sp.issparse(np.zeros(1))


@pytest.mark.parametrize("seeds", [[1], [1, 2]])
def test_a_temporary_folder_goes_with_its_model(data, tmp_path, monkeypatch, seeds):
    X, Y = data
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    model = train(X, Y, framework="DeepXML-OVA", settings=QUICK, seeds=seeds, progress=False)
    assert len(os.listdir(tmp_path)) == 1 and model.learners == len(seeds)
    wanted = model.predict(X, 3)
    kept = model.save(tmp_path / "kept")
    packed = pickle.dumps(model)
    with pytest.raises(UsageError, match="is there already"):
        model.save(tmp_path / "kept")
    del model
    gc.collect()
    assert os.listdir(tmp_path) == ["kept"]
    copy = pickle.loads(packed)
    assert len(os.listdir(tmp_path)) == 2
    for other in (copy, pickle.loads(pickle.dumps(copy)), kept):
        assert (other.predict(X, 3) != wanted).nnz == 0
    del copy, other
    gc.collect()
    assert os.listdir(tmp_path) == ["kept"]
    # A folder that is not temporary stays, and a pickle names it.
    again = pickle.loads(pickle.dumps(kept))
    del kept
    gc.collect()
    assert (again.predict(X, 3) != wanted).nnz == 0


def test_no_temporary_folder_is_left(data, tmp_path, monkeypatch):
    X, Y = data
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path))
        with pytest.raises(UsageError, match="unknown key"):
            train(X, Y, settings={"extreme.epochs": 3}, progress=False)
        assert os.listdir(tmp_path) == []
    sp.save_npz(tmp_path / "X.npz", X)
    sp.save_npz(tmp_path / "Y.npz", Y)
    (tmp_path / "tmp").mkdir()
    code = """if True:
        import os, scipy.sparse as sp
        from deepxml_dist import train
        model = train(sp.load_npz("X.npz"), sp.load_npz("Y.npz"), framework="DiSMEC", seeds=[1], progress=False)
        model.predict(sp.load_npz("X.npz")[:2], 3)
        child = os.fork()
        if child == 0:
            del model
            os._exit(0)
        os.waitpid(child, 0)
        print(os.path.isdir(model.folder))
    """
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path / "tmp")}, capture_output=True, text=True
    )
    assert run.stdout == "True\n" and run.returncode == 0, run.stderr
    assert os.listdir(tmp_path / "tmp") == []
