"""Training from matrices: ensembles, ranks, dense features, going on, errors."""

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
