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

from deepxml_dist import DeepXMLError, Model, UsageError, train, training

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
    for rows, labels in ((X, Y[:, 0].toarray().ravel()), (X, [1, [2, 3]]), ([1, 2], Y), ([["a"], ["b"]], Y), (X.astype(complex), Y)):
        with pytest.raises(UsageError, match="^[XY] (is|has) "):
            train(rows, labels, work=tmp_path, progress=False)
    with pytest.raises(UsageError, match="a setting is set"):
        train(X, Y, settings={"extreme.num_epochs": {1}}, work=tmp_path, progress=False)


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


def test_sequences_keep_their_order(data, tmp_path):
    _, Y = data
    tokens = np.random.default_rng(7).integers(0, 80, 300 * 6)
    X = sp.csr_matrix((np.ones(len(tokens)), tokens, np.arange(0, len(tokens) + 1, 6)), (300, 80))
    settings = {**QUICK, "global.feature_type": "sequential"}
    options = {"framework": "DeepXML-OVA", "arch": "GRU", "seeds": [1], "work": tmp_path, "progress": False}
    train(X, Y, settings=settings, **options)
    written = sp.load_npz(tmp_path / "data" / "python" / "trn_X_Xf.npz")
    assert (written.indices == tokens).all() and (written.indptr == X.indptr).all()
    assert (X.indices == tokens).all()
    for other in (X.tocoo(), X.todok(), X.toarray(), X.toarray().tolist()):
        with pytest.raises(UsageError, match="CSR matrix, the form whose entries have an order"):
            train(other, Y, settings=settings, **options)
    # Also where a config file, or an argument, says that they are sequences.
    (tmp_path / "own.json").write_text('{"global": {"feature_type": "sequential"}}')
    for said in ({"config": str(tmp_path / "own.json")}, {"arguments": ["--set", "global.feature_type=sequential"]}):
        with pytest.raises(UsageError, match="have an order"):
            train(X.tocoo(), Y, **said, **options)


def _untidy(matrix):
    """Entries in no order, some twice and some 0, in arrays that may not be changed."""
    rows = [np.r_[row.indices[::-1], row.indices[:1], 0] for row in matrix]
    values = [np.r_[row.data[::-1], row.data[:1], 0] for row in matrix]
    ends = np.cumsum([0] + [len(row) for row in rows])
    untidy = sp.csr_matrix((np.concatenate(values), np.concatenate(rows), ends), matrix.shape, dtype=np.float32)
    for array in (untidy.data, untidy.indices, untidy.indptr):
        array.flags.writeable = False
    return untidy


def test_matrices_stay_as_they_are(data, tmp_path):
    X, Y = (_untidy(matrix) for matrix in data)
    before = [array.copy() for m in (X, Y) for array in (m.data, m.indices, m.indptr)]
    model = train(X, Y, X[:50], Y[:50], framework="DiSMEC", seeds=[1], work=tmp_path, progress=False)
    model.predict(X, 2)
    after = [array for m in (X, Y) for array in (m.data, m.indices, m.indptr)]
    assert all(np.array_equal(a, b) for a, b in zip(after, before))


def test_names_of_an_earlier_call_are_not_kept(data, tmp_path):
    X, Y = data
    options = {"seeds": [1], "work": tmp_path, "progress": False}
    named = train(X, Y, framework="DiSMEC", label_names=[str(i) for i in range(20)], **options)
    assert len(named.label_names) == 20
    assert train(X, Y, framework="DeepXML-OVA", settings=QUICK, **options).label_names is None
    with open(os.path.join(named.folder, "labels.txt"), "w") as file:
        file.write("one\n")
    assert Model.load(named.folder).label_names is None


@pytest.mark.parametrize("form", ["coo", "dia", "bsr", "lil"])
def test_matrices_of_any_form(data, tmp_path, form):
    X, Y = data
    model = train(X.asformat(form), Y.asformat(form), framework="DiSMEC", seeds=np.array([1]), settings={"dismec.C": np.int64(1)},
                  work=tmp_path, progress=False)  # fmt: skip
    assert model.predict(X[:3], 2).shape == (3, 20)


def test_lists(data, tmp_path):
    X, Y = (matrix[:50].toarray().tolist() for matrix in data)
    assert train(X, Y, framework="Slice", seeds=[1], work=tmp_path, progress=False).num_features == 80


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError):
        training._save(str(tmp_path), "x", lambda stream: 1 / 0)
    assert os.listdir(tmp_path) == []
