"""Models: the same numbers as the program's own files, one process for many calls, errors as exceptions."""

import os
import pickle
import signal
import subprocess
import threading
import time

import numpy as np
import pytest
import scipy.sparse as sp

from deepxml_dist import DeepXMLError, Model, UsageError


def test_scores_are_those_of_the_program(model, data, program, tmp_path):
    X, _ = data
    sp.save_npz(tmp_path / "x.npz", X)
    to = tmp_path / "score.npz"
    subprocess.run(
        [program, "predict", model.folder, "--features", tmp_path / "x.npz", "--to", to, "--top-k", "4", "-q"], check=True
    )
    wanted, found = sp.load_npz(to), model.predict(X, top_k=4)
    assert found.dtype == np.float32 and found.shape == wanted.shape
    assert (found != wanted).nnz == 0 and found.nnz == wanted.nnz > 0


@pytest.mark.parametrize("threshold", [0, 0.3, 0.7, 1])
def test_the_threshold_is_that_of_the_program(model, data, program, tmp_path, threshold):
    X, _ = data
    sp.save_npz(tmp_path / "x.npz", X)
    command = [program, "predict", model.folder, "--features", tmp_path / "x.npz", "--to", tmp_path / "score.npz", "-q"]
    subprocess.run([*command, "--top-k", "6", "--threshold", str(threshold)], check=True)
    wanted, found = sp.load_npz(tmp_path / "score.npz"), model.predict(X, top_k=6, threshold=threshold)
    assert (found != wanted).nnz == 0 and found.nnz == wanted.nnz > 0
    assert found.data.min() >= np.float32(threshold) and (threshold == 0 or found.nnz < 6 * X.shape[0])


def test_many_calls_use_one_process(model, data):
    X, _ = data
    whole = model.predict(X, top_k=3)
    first = model._pipe._process.pid
    parts = [model.predict(X[i : i + 37], top_k=3) for i in range(0, X.shape[0], 37)]
    assert model._pipe._process.pid == first
    assert (sp.vstack(parts).tocsr() != whole).nnz == 0


def test_learns(model, data):
    X, Y = data
    scores = model.predict(X, top_k=1)
    hits = [Y[row, scores[row].indices[0]] > 0 for row in range(X.shape[0]) if Y[row].nnz]
    assert np.mean(hits) > 0.9


def test_an_empty_document_and_no_document(model, data):
    X, _ = data
    empty = sp.csr_matrix((2, X.shape[1]), dtype=np.float32)
    assert model.predict(empty, top_k=2).shape == (2, model.num_labels)
    assert model.predict(X[:0], top_k=2).shape == (0, model.num_labels)


def test_entries_in_any_order_and_twice(model, data):
    X, _ = data
    row = X[0]
    mixed = sp.csr_matrix(
        (np.concatenate([row.data[::-1] / 2] * 2), np.concatenate([row.indices[::-1]] * 2), [0, 2 * row.nnz]), row.shape
    )
    assert np.allclose(model.predict(mixed, 3).toarray(), model.predict(row, 3).toarray(), atol=1e-6)


def test_texts(text_model):
    with Model.load(text_model) as model:
        texts = ["a crow is an animal", "the dog\tis\nlazy", "", 'say "horse"', "the snake"]
        scores = model.predict(texts, top_k=1)
        names = [model.label_names[scores[i].indices[0]] for i in (0, 1, 3, 4)]
        assert names == ["crow", "dog", "horse", "snake"]
        assert scores.shape == (5, 5)


class Frame:
    """As pandas has them: iterating gives the names of columns."""

    def __init__(self, values):
        self._values = np.asarray(values)

    def __iter__(self):
        return iter(["first", "second"])

    def to_numpy(self):
        return self._values


def test_arrays_of_texts(text_model):
    with Model.load(text_model) as model:
        texts = ["the crow is an animal", "a dog"]
        wanted = model.predict(texts, 2)
        for given in (np.array(texts), np.array(texts, object), Frame(texts), Frame(np.array(texts, object))):
            assert (model.predict(given, 2) != wanted).nnz == 0
        with pytest.raises(UsageError, match="no N×V numbers"):
            model.predict(np.array([texts]))


def test_data_frames(model, data):
    X, _ = data
    assert (model.predict(Frame(X[:4].toarray()), 3) != model.predict(X[:4], 3)).nnz == 0


def test_errors_count_the_documents_of_the_call(text_model):
    with Model.load(text_model) as model:
        model.predict(["a cat"] * 7, 1)
        with pytest.raises(UsageError, match=r"documents\[2\]") as caught:
            model.predict(["a cat", "a dog", "\ud800"], 1)
        assert "standard input" not in str(caught.value)


def test_an_exception_of_a_signal_handler_ends_a_prediction(model, data):
    X, _ = data
    model.predict(X[:2], 3)
    process = model._pipe._process
    process.send_signal(signal.SIGSTOP)  # Takes no more than the pipe holds.

    def handler(number, frame):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(TimeoutError):
            model.predict(sp.vstack([X] * 10), 3)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert process.returncode == -signal.SIGKILL
    assert model.predict(X[:2], 3).shape == (2, 20)


def test_pipes_are_closed(model, data):
    model.predict(data[0][:2], 3)
    pipe = model._pipe
    model.close()
    pipe._reader.join(timeout=10)
    assert all(stream.closed for stream in (pipe._process.stdin, pipe._process.stdout, pipe._process.stderr))


def test_errors(model, data, tmp_path):
    X, _ = data
    with pytest.raises(UsageError, match="not prepared from text"):
        model.predict(["a text"])
    with pytest.raises(UsageError, match="81 features"):
        model.predict(sp.csr_matrix((1, 81)))
    with pytest.raises(ValueError, match="top_k"):
        model.predict(X, top_k=0)
    for threshold in (-0.1, 1.5, float("nan")):
        with pytest.raises(ValueError, match="expected 0 to 1"):
            model.predict(X, threshold=threshold)
    with pytest.raises(TypeError, match="one string"):
        model.predict("a text")
    with pytest.raises(UsageError, match="no model folder"):
        Model.load(tmp_path / "nothing")
    with pytest.raises(UsageError, match="of no kind"):
        Model.load(tmp_path)
    with pytest.raises(UsageError, match="is not there"):
        Model.load(model.folder, program="no-such-program")
    # After an error the model goes on.
    assert model.predict(X[:3], top_k=2).shape[0] == 3


def test_the_process_that_dies_is_an_exception_and_is_replaced(model, data):
    X, _ = data
    before = model.predict(X[:3], top_k=2)
    model._pipe._process.kill()
    model._pipe._process.wait()
    assert (model.predict(X[:3], top_k=2) != before).nnz == 0
    model._pipe._process.kill()
    with pytest.raises(DeepXMLError) as caught:
        model._pipe.predict([b"1:1\n"], model.num_labels)
    assert caught.value.exit_code == -9


def test_pickles(model, data):
    X, _ = data
    copy = pickle.loads(pickle.dumps(model))
    assert (copy.predict(X[:5], 2) != model.predict(X[:5], 2)).nnz == 0
    copy.close()


def test_facts(model):
    assert (model.num_features, model.num_labels, model.learners) == (80, 20, 1)
    assert model.label_names[3] == "label 3"


def test_forked_children_predict_while_the_parent_does(model, data):
    X, _ = data
    wanted, stop, wrong = model.predict(X, top_k=3), threading.Event(), []

    def predict():
        while not stop.is_set():
            if (model.predict(X, top_k=3) != wanted).nnz:
                wrong.append("the parent's scores")

    parent = threading.Thread(target=predict)
    parent.start()
    try:
        for number in range(6):
            time.sleep(0.05)
            child = os.fork()
            if child == 0:
                same = (model.predict(X[number : number + 5], top_k=3) != wanted[number : number + 5]).nnz == 0
                model.close()
                os._exit(0 if same else 3)
            deadline = time.monotonic() + 20
            while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
                time.sleep(0.02)
            if ended[0] == 0:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                wrong.append("a child waits for ever")
            elif ended[1]:
                wrong.append(f"a child's scores: {ended[1]}")
    finally:
        stop.set()
        parent.join()
    assert wrong == []


def test_what_is_no_document_is_refused(model, data):
    X, _ = data
    with pytest.raises(UsageError, match="complex"):
        model.predict(X.astype(complex))
    with pytest.raises(TypeError):
        model.predict(X, top_k=2.5)
    with pytest.raises(TypeError, match="NumPy array"):
        model.predict(X.toarray().tolist())
    with pytest.raises(UsageError, match="empty path"):
        Model.load("")
