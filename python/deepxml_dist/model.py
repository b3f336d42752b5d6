"""Trained learners and ensembles."""

from __future__ import annotations

import io
import json
import operator
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import threading
import weakref
from typing import IO, Any, Iterable, Sequence, Union

import numpy as np
import scipy.sparse as sp

from . import program as _program
from .errors import UsageError, failure
from .matrices import copied

Documents = Union[sp.spmatrix, np.ndarray, Sequence[str]]


class Model:
    """A trained learner or ensemble.

    The first prediction starts a process that loads the model and stays until ``close``, the end of a ``with`` block or of Python; each
    further one only sends documents through its pipe. A model may be used by several threads, one after the other.
    """

    def __init__(
        self, folder: Union[str, os.PathLike], *, program: str | None = None, threads: int | None = None, beta: float | None = None
    ) -> None:
        if not os.fspath(folder):
            raise UsageError("the model's folder is an empty path", 2)
        self.folder = os.path.abspath(os.fspath(folder))
        self._program = _program.find(program)
        self._threads, self._beta = threads, beta
        self._lock = threading.Lock()
        self._pipe: _Pipe | None = None
        self._temporary: str | None = None
        if not os.path.isdir(self.folder):
            raise UsageError(f"there is no model folder {self.folder}", 2)
        self._folders = [self.folder]
        try:
            self._read_facts()
        except (LookupError, TypeError, ValueError) as error:
            if isinstance(error, UsageError):
                raise
            raise _program.foreign(self._program) from error
        _models.add(self)

    def _read_facts(self) -> None:
        about = _program.facts(self._program, self.folder)
        if about["kind"] == "ensemble":
            self._folders = [os.path.normpath(os.path.join(self.folder, one["folder"])) for one in about["learners"]]
            about = _program.facts(self._program, self._folders[0])
        self.learners, learner = len(self._folders), self._folders[0]
        if about["kind"] != "model":
            raise UsageError(f"{self.folder} is no model, but: {about['kind']}", 2)
        self.facts: dict[str, Any] = about
        self.num_features = int(about["features"])
        self.num_labels = int(about["labels_in_file"])
        with open(os.path.join(learner, "model.json"), encoding="utf-8") as file:
            self._has_sequences = json.load(file)["config"]["global"].get("feature_type") == "sequential"
        names = _names(os.path.join(learner, "labels.txt"))
        self.label_names = names if names is not None and len(names) == self.num_labels else None

    @classmethod
    def load(
        cls, folder: Union[str, os.PathLike], *, program: str | None = None, threads: int | None = None, beta: float | None = None
    ) -> "Model":
        """Opens a learner's folder (``v_<version>_<seed>``) or an ensemble's (``v_<version>``).

        Args:
            threads: of the process that predicts; None: as many as there are cores.
            beta: weight of the classifiers' scores against the shortlist's; None: the model's own.

        Raises:
            UsageError: the folder is no model, or the program is not there.
            DamagedModelError: the model is damaged.
        """
        return cls(folder, program=program, threads=threads, beta=beta)

    def predict(
        self, documents: Documents, top_k: int | None = None, threshold: float | None = None
    ) -> sp.csr_matrix:
        """Scores of the best labels of each document.

        Args:
            documents: an N×V matrix or data frame of features as in training, or N texts, as a list, array or series (where the model
                was made from text).
            top_k: labels a document; None: as many as the model's config keeps.
            threshold: labels that score less are left out; None: none are. A learner's scores go from 0 to 1, the score of a
                document's best label; an ensemble's are the sums of its learners'.

        Returns:
            N×L matrix of float32 scores, at most ``top_k`` a row; the same numbers that ``deepxml-dist predict`` writes.

        Raises:
            UsageError: the documents are not of the model's form.
        """
        if top_k is not None:
            top_k = operator.index(top_k)
        if top_k is not None and top_k < 1:
            raise ValueError(f"top_k is {top_k}, expected 1 or more")
        if threshold is not None and not 0 <= threshold <= self.learners:
            raise ValueError(f"threshold is {threshold}, expected 0 to {self.learners}: no score of this model is larger")
        documents = _plain(documents)
        is_text = not sp.issparse(documents) and not isinstance(documents, np.ndarray)
        lines = _text_lines(documents) if is_text else self._feature_lines(documents)
        with self._lock:
            wanted = (is_text, top_k)
            if self._pipe is None or self._pipe.kind != wanted or not self._pipe.is_alive:
                self._close()
                self._pipe = _Pipe(self._command(is_text, top_k), wanted)
            try:
                scores = self._pipe.predict(lines, self.num_labels)
            except BaseException:
                # A signal's handler may have raised while documents are still being written.
                self._close(kill=True)
                raise
        return scores if threshold is None else _at_least(scores, threshold)

    def _command(self, is_text: bool, top_k: int | None) -> list[str]:
        command = [self._program, "predict", self.folder, "--text" if is_text else "--features", "-", "--format", "text", "--quiet"]
        for name, value in (("--top-k", top_k), ("--threads", self._threads), ("--beta", self._beta)):
            if value is not None:
                command += [name, str(value)]
        return command

    def _feature_lines(self, documents: Union[sp.spmatrix, np.ndarray]) -> list[bytes]:
        if np.iscomplexobj(documents):
            raise UsageError("the documents have complex values: features are real numbers", 2)
        try:
            matrix = copied(documents, np.float32)
        except (TypeError, ValueError) as error:
            raise UsageError(f"the documents are no N×V numbers: {error}", 2) from error
        if matrix.shape[1] > self.num_features:
            raise UsageError(
                f"the documents have {matrix.shape[1]} features, the model knows {self.num_features}", 2
            )
        if not np.isfinite(matrix.data).all():
            raise UsageError("the documents have values that are not finite", 2)
        if not self._has_sequences:
            matrix.sum_duplicates()
            matrix.eliminate_zeros()
        columns, values, ends = matrix.indices.tolist(), list(map(str, matrix.data)), matrix.indptr.tolist()
        entries = [f"{column}:{value}" for column, value in zip(columns, values)]
        return [(" ".join(entries[a:b]) + "\n").encode() for a, b in zip(ends, ends[1:])]

    def save(self, folder: Union[str, os.PathLike]) -> "Model":
        """Copies the model to a new folder, which needs nothing else, and opens it there.

        Raises:
            UsageError: there is something at ``folder``.
        """
        target = os.path.abspath(os.fspath(folder))
        if os.path.lexists(target):
            raise UsageError(f"{target} is there already: name a new folder", 2)
        self._copy(target)
        return Model(target, program=self._program, threads=self._threads, beta=self._beta)

    def _copy(self, target: str) -> None:
        if self._folders == [self.folder]:
            shutil.copytree(self.folder, target, ignore=_made_again)
            return
        names = [f"learner-{number + 1}" for number in range(self.learners)]
        for name, source in zip(names, self._folders):
            shutil.copytree(source, os.path.join(target, name), ignore=_made_again)
        with open(os.path.join(target, "ensemble.json"), "w", encoding="utf-8") as file:
            json.dump({"schema": 1, "learners": names}, file)

    def _own(self, work: str) -> None:
        """Lets the temporary folder ``work``, which the model lies in, go when the model does, or when Python ends."""
        self._temporary = work
        weakref.finalize(self, _remove, work, os.getpid())

    def close(self) -> None:
        """Ends the process. The next prediction starts another."""
        with self._lock:
            self._close()

    def _close(self, kill: bool = False) -> None:
        if self._pipe is not None:
            self._pipe.close(kill)
            self._pipe = None

    def _forked(self) -> None:
        """In a forked child: the process and its pipe are the parent's, and another of its threads may have held the lock."""
        self._lock = threading.Lock()
        if self._pipe is not None:
            self._pipe.leave()
            self._pipe = None

    def __enter__(self) -> "Model":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_pipe", None) is not None:
            self._pipe.close()

    def __repr__(self) -> str:
        return f"Model({self.folder!r}: {self.learners} learner(s), {self.num_features} features, {self.num_labels} labels)"

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__, _pipe=None)
        del state["_lock"]
        if self._temporary is not None:
            # The folder goes with this model: the copy brings its own.
            with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
                self._copy(os.path.join(folder, "model"))
                archive = io.BytesIO()
                with tarfile.open(fileobj=archive, mode="w") as tar:
                    tar.add(os.path.join(folder, "model"), "model")
            state["_archive"] = archive.getvalue()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        archive = state.pop("_archive", None)
        self.__dict__.update(state, _lock=threading.Lock())
        _models.add(self)
        if archive is not None:
            work = tempfile.mkdtemp(prefix=PREFIX)
            self._own(work)
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                tar.extractall(work, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
            self.folder = os.path.join(work, "model")
            names = [f"learner-{number + 1}" for number in range(self.learners)]
            self._folders = [self.folder] if self.learners == 1 else [os.path.join(self.folder, name) for name in names]


# Those of this process, for a fork.
_models: weakref.WeakSet[Model] = weakref.WeakSet()
# Pipes of a parent, kept as they are: to close them would send what the parent has not yet written a second time.
_left: list[Any] = []


def _after_fork() -> None:
    for model in list(_models):
        model._forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

# Names of temporary folders begin so.
PREFIX = "deepxml-dist-"


def _remove(folder: str, owner: int) -> None:
    # A forked child has the object, but not the folder.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _made_again(folder: str, names: list[str]) -> list[str]:
    """What the program makes of a model's checkpoints when it first predicts."""
    return ["serving.dxa"] if "serving.dxa" in names and any(name.startswith("ckpt_") for name in names) else []


class _Pipe:
    """A process that reads documents, a line each, and writes a line of scores for each."""

    def __init__(self, command: Sequence[str], kind: tuple) -> None:
        self.kind = kind
        self._process = _program.start(command, stdin=subprocess.PIPE)
        self._errors: list[bytes] = []
        # Documents of earlier calls: the program counts on.
        self._earlier = 0
        self._reader = threading.Thread(target=self._drain, args=(self._process.stderr,), daemon=True)
        self._reader.start()

    def _drain(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._errors.append(line)
                del self._errors[:-200]

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def predict(self, lines: Iterable[bytes], labels: int) -> sp.csr_matrix:
        lines = list(lines)
        # Written by another thread: both ends of the pipe would wait for each other otherwise.
        writer = threading.Thread(target=self._write, args=(lines,), daemon=True)
        writer.start()
        indptr, indices, data = np.zeros(len(lines) + 1, np.int64), [], []
        for row in range(len(lines)):
            line = self._process.stdout.readline()
            if not line.endswith(b"\n"):
                self._process.wait()
                self._reader.join(timeout=10)
                said = b"".join(self._errors).decode(errors="replace")
                raise failure(re.sub(r"standard input:(\d+)(:\d+)?", self._place, said), self._process.returncode)
            entries = line.replace(b":", b" ").split()
            indices.append(np.array(entries[::2], np.int32))
            data.append(np.array(entries[1::2], np.float32))
            indptr[row + 1] = indptr[row] + len(entries) // 2
        writer.join()
        self._earlier += len(lines)
        joined = [np.concatenate(parts) if parts else np.empty(0, kind) for parts, kind in ((data, np.float32), (indices, np.int32))]
        return sp.csr_matrix((joined[0], joined[1], indptr), shape=(len(lines), labels))

    def _place(self, line: re.Match[str]) -> str:
        """A line of the stream as what the caller gave."""
        return f"documents[{int(line[1]) - 1 - self._earlier}]"

    def _write(self, lines: Sequence[bytes]) -> None:
        try:
            for start in range(0, len(lines), 1024):
                self._process.stdin.write(b"".join(lines[start : start + 1024]))
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            # The process has ended: whoever reads its answers says why.
            pass

    def leave(self) -> None:
        """Lets go of a parent's process without a word to it."""
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if not stream.closed:
                os.dup2(nothing, stream.fileno(), inheritable=False)
        os.close(nothing)
        _left.append(self)

    def close(self, kill: bool = False) -> None:
        process = self._process
        if kill:
            # The thread that writes holds the stream's lock until nobody reads.
            process.kill()
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _at_least(scores: sp.csr_matrix, threshold: float) -> sp.csr_matrix:
    """The entries at or above the threshold, compared as the float32 that scores are."""
    kept = scores.data >= np.float32(threshold)
    ends = np.concatenate([[0], np.cumsum(kept)])[scores.indptr]
    return sp.csr_matrix((scores.data[kept], scores.indices[kept], ends), shape=scores.shape)


def _plain(documents: Any) -> Any:
    """Data frames as arrays, and arrays or series of texts as lists."""
    if not sp.issparse(documents) and hasattr(documents, "to_numpy"):
        documents = documents.to_numpy()
    if isinstance(documents, np.ndarray) and documents.ndim == 1 and documents.dtype.kind in "OTU":
        return documents.tolist()
    return documents


def _text_lines(documents: Iterable[str]) -> list[bytes]:
    if isinstance(documents, str):
        raise TypeError("documents is one string; give a list of texts")
    lines = []
    for text in documents:
        if not isinstance(text, str):
            raise TypeError(
                f"a document is {type(text).__name__}, expected str; a matrix of features is a NumPy array or a SciPy matrix"
            )
        lines.append(json.dumps({"text": text}).encode() + b"\n")
    return lines


def _names(path: str) -> list[str] | None:
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8", newline="\n") as file:
        names = file.read().split("\n")
    return names[:-1] if names[-1] == "" else names
