"""Training from matrices."""

from __future__ import annotations

import glob
import json
import os
import shutil
import tempfile
from typing import Any, Mapping, Sequence, Union

import numpy as np
import scipy.sparse as sp

from . import program as _program
from .errors import UsageError
from .matrices import Matrix, check_order, copied, feature_type, two_dimensional
from .model import PREFIX, Model

# As in launch/env: Open MPI refuses to run as root without the two variables; containers often have no other user.
_MPI_ENV = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "HWLOC_COMPONENTS": "-opencl"}
_MPI_ARGUMENTS = ["--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1", "-q"]


def train(
    X: Matrix,
    Y: Matrix,
    X_test: Matrix | None = None,
    Y_test: Matrix | None = None,
    *,
    framework: str | None = None,
    config: str | None = None,
    arch: str | None = None,
    settings: Mapping[str, Any] | None = None,
    embeddings: np.ndarray | None = None,
    label_names: Sequence[str] | None = None,
    seeds: Sequence[int] = (22,),
    ranks: int = 1,
    threads: int | None = None,
    validation: float | str | None = None,
    keep: str | None = None,
    patience: int | None = None,
    tune: str | None = None,
    work: Union[str, os.PathLike, None] = None,
    name: str = "python",
    arguments: Sequence[str] = (),
    progress: bool | _program.Progress = True,
    program: str | None = None,
) -> Model:
    """Trains a learner, or an ensemble where there are several seeds, and returns it.

    A KeyboardInterrupt (Ctrl-C) lets the run write its checkpoints, for which it has a minute; a second one kills it. Where
    ``progress`` raises, the run is stopped, and the exception comes from here.

    Args:
        X: N×V features of the training documents, as a SciPy matrix, or an array (or a list of rows, or a data frame) of dense
            features. Sequences of tokens (``global.feature_type`` is ``"sequential"`` in ``settings`` or in the ``config`` file) are a
            CSR matrix, the one form whose entries have an order: that of the text, with its repetitions.
        Y: N×L labels; entries that are not 0 count.
        X_test, Y_test: test documents, for ``metrics.json`` in the results folder; None: the last training document stands in.
        framework, config, arch: as the program's options; None: the program chooses, and says what and why. Dense features need
            ``framework="Slice"`` or a config for them.
        settings: config keys and values, such as ``{"extreme.num_epochs": 5}``; numbers may be NumPy's.
        embeddings: V×D token embeddings, for learners that start from some.
        label_names: of the L labels.
        seeds: a learner each.
        ranks: MPI ranks, more than one by ``mpirun``.
        threads: of each rank.
        validation: share of the training documents that is held out, such as 0.1, to measure models on after each epoch.
        keep, patience, tune: with ``validation``, as the program's options: ``"best"`` or ``"best:nDCG@5"``; validations without a better
            one after which a module ends; ``"all"`` or settings to choose, such as ``"beta,ensemble_weights"``.
        work: the folder for data, checkpoints, models and results. If an earlier call with the same arguments was stopped, this one
            goes on with its checkpoints. None: a temporary folder, which is removed with the model, or when Python ends; ``Model.save`` keeps
            a model, and a pickled one has all of it.
        name: of the data set below ``work``.
        arguments: more arguments of ``deepxml-dist train``.
        progress: True: the program's lines on standard error; or a function that gets each line; False: none.

    Returns:
        The model: the ensemble where there are several seeds.

    Raises:
        UsageError: the matrices don't fit each other, or the program refuses something.
        DeepXMLError: the program ended with another error; the message is its own.
    """
    if work is None:
        options = dict(locals(), work=tempfile.mkdtemp(prefix=PREFIX))
        try:
            model = train(**options)
        except BaseException:
            shutil.rmtree(options["work"], ignore_errors=True)
            raise
        model._own(options["work"])
        return model
    found = _program.find(program)
    work = os.path.abspath(os.fspath(work))
    data = os.path.join(work, "data")
    is_sequence = feature_type(settings, config, arguments) == "sequential"
    files = _write_data(os.path.join(data, name), X, Y, X_test, Y_test, embeddings, label_names, is_sequence)
    command = [found, "train", "--dataset", name, "--data", data, "--work", work]
    command += ["--seeds", ",".join(str(int(seed)) for seed in seeds)]
    for option, value in (("--framework", framework), ("--config", config), ("--arch", arch), ("--threads", threads),
                          ("--validation", validation), ("--keep", keep), ("--patience", patience), ("--tune", tune)):
        if value is not None:
            command += [option, str(value)]
    for key, value in {**files, **(settings or {})}.items():
        command += ["--set", f"{key}={value if isinstance(value, str) else json.dumps(value, default=_plain)}"]
    command += arguments
    if ranks > 1:
        mpirun = shutil.which("mpirun")
        if mpirun is None:
            raise UsageError("mpirun is not there: install Open MPI (openmpi-bin), or give ranks=1", 2)
        command = [mpirun, *_MPI_ARGUMENTS, "-np", str(ranks), *command]
    said: list[str] = []
    watcher = progress if callable(progress) else _program.show if progress else None

    def listen(line: str) -> None:
        said.append(line)
        if watcher is not None:
            watcher(line)

    _program.run(command, listen, _MPI_ENV)
    return Model(_trained(work, name, seeds), program=found)


def _trained(work: str, name: str, seeds: Sequence[int]) -> str:
    """The folder of the model that was trained last."""
    folders = glob.glob(os.path.join(glob.escape(work), "models", "*", "*", glob.escape(name), "v_*"))
    wanted = [f for f in folders if (f.rsplit("_", 1)[-1] == str(seeds[0]) if len(seeds) == 1 else True)]
    described = [f for f in wanted if os.path.exists(os.path.join(f, _description(seeds)))]
    # Where the program trains one learner whatever the seeds say, there is no ensemble.
    described = described or [f for f in folders if os.path.exists(os.path.join(f, "model.json"))]
    if not described:
        raise UsageError(f"no model was written below {work}/models", 2)
    return max(described, key=lambda f: max(os.path.getmtime(os.path.join(f, x)) for x in os.listdir(f)))


def _description(seeds: Sequence[int]) -> str:
    return "model.json" if len(seeds) == 1 else "ensemble.json"


def _write_data(
    folder: str,
    X: Matrix,
    Y: Matrix,
    X_test: Matrix | None,
    Y_test: Matrix | None,
    embeddings: np.ndarray | None,
    label_names: Sequence[str] | None,
    is_sequence: bool,
) -> dict[str, str]:
    """Writes a data set; returns the config keys that name its files, and say that features are dense."""
    if (X_test is None) != (Y_test is None):
        raise UsageError("X_test and Y_test go together", 2)
    X, Y = _features(X, "X", is_sequence), _labels(Y, "Y")
    is_dense = isinstance(X, np.ndarray)
    if X_test is None:
        X_test, Y_test = X[-1:], Y[-1:]
    else:
        X_test, Y_test = _features(X_test, "X_test", is_sequence), _labels(Y_test, "Y_test")
    if isinstance(X_test, np.ndarray) != is_dense:
        X_test = X_test.toarray() if is_dense else copied(X_test, np.float32)
    keys = {"global.feature_type": "dense"} if is_dense else {}
    os.makedirs(folder, exist_ok=True)
    for part, features, labels in (("trn", X, Y), ("tst", X_test, Y_test)):
        if features.shape[0] != labels.shape[0]:
            raise UsageError(f"{features.shape[0]} rows of features, but {labels.shape[0]} of labels ({part})", 2)
        if features.shape[1] != X.shape[1] or labels.shape[1] != Y.shape[1]:
            raise UsageError("X_test and Y_test must have the columns of X and Y", 2)
        keys[f"global.{part}_feat_fname"] = f"{part}_X_Xf.{'npy' if is_dense else 'npz'}"
        keys[f"global.{part}_label_fname"] = f"{part}_X_Y.npz"
        if is_dense:
            _save(folder, keys[f"global.{part}_feat_fname"], lambda file, m=features: np.save(file, np.asarray(m, np.float32)))
        else:
            _save_csr(folder, keys[f"global.{part}_feat_fname"], features)
        _save_csr(folder, keys[f"global.{part}_label_fname"], labels)
    if embeddings is not None:
        if embeddings.shape[0] != X.shape[1]:
            raise UsageError(f"{embeddings.shape[0]} embeddings for {X.shape[1]} features", 2)
        _save(folder, "embeddings.npy", lambda file: np.save(file, np.asarray(embeddings, np.float32)))
        keys["surrogate.embeddings"] = "embeddings.npy"
        keys["global.embedding_dims"] = str(embeddings.shape[1])
    if label_names is None:
        # Those of an earlier call are not this one's.
        _remove(os.path.join(folder, "labels.txt"))
    else:
        if len(label_names) != Y.shape[1]:
            raise UsageError(f"{len(label_names)} names for {Y.shape[1]} labels", 2)
        if any("\n" in label for label in label_names):
            raise UsageError("a label's name has a line break", 2)
        _save(folder, "labels.txt", lambda file: file.write("".join(f"{label}\n" for label in label_names).encode()))
    return keys


def _features(given: Matrix, name: str, is_sequence: bool) -> Matrix:
    """A dense array, or a CSR copy: of sequences as it is, else with each column once a row."""
    if is_sequence:
        check_order(given, name)
    matrix = two_dimensional(given, name)
    if isinstance(matrix, np.ndarray):
        return matrix
    matrix = copied(matrix, np.float32)
    if not is_sequence:
        matrix.sum_duplicates()
    return matrix


def _labels(given: Matrix, name: str) -> sp.csr_matrix:
    return copied(two_dimensional(given, name)) != 0


def _plain(value: Any) -> Any:
    """NumPy's number as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise UsageError(f"a setting is {type(value).__name__}, expected a string, number, boolean or list", 2)


def _save_csr(folder: str, file: str, matrix: sp.csr_matrix) -> None:
    csr = matrix.astype(np.float32)
    _save(folder, file, lambda stream: sp.save_npz(stream, csr, compressed=False))


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.remove(path)


def _save(folder: str, file: str, write: Any) -> None:
    """Writes a file that appears when it is complete; one of the same bytes stays, so that its date does."""
    path = os.path.join(folder, file)
    temporary = path + ".part"
    try:
        with open(temporary, "wb") as stream:
            write(stream)
    except BaseException:
        _remove(temporary)
        raise
    if os.path.exists(path):
        with open(path, "rb") as old, open(temporary, "rb") as new:
            if old.read() == new.read():
                os.remove(temporary)
                return
    os.replace(temporary, path)
