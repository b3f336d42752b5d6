"""An estimator for scikit-learn, which need not be there."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, Mapping, Sequence

import numpy as np
import scipy.sparse as sp

from .matrices import Matrix, check_order, copied, feature_type
from .model import Model
from .training import train

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
except ImportError:  # the methods that scikit-learn's tools call

    class BaseEstimator:  # type: ignore[no-redef]
        """get_params and set_params as scikit-learn has them."""

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            import inspect

            names = [name for name in inspect.signature(type(self).__init__).parameters if name != "self"]
            return {name: getattr(self, name) for name in names}

        def set_params(self, **params: Any) -> "BaseEstimator":
            for name, value in params.items():
                if name not in self.get_params():
                    raise ValueError(f"Invalid parameter {name!r} for estimator {type(self).__name__}")
                setattr(self, name, value)
            return self

    class ClassifierMixin:  # type: ignore[no-redef]
        """Says that it is a classifier."""

        _estimator_type = "classifier"


class DeepXMLClassifier(ClassifierMixin, BaseEstimator):
    """Multi-label classifier for sparse features and labels.

    Parameters are those of ``train``; ``top_k`` scores a document are computed, ``threshold`` is the score from which ``predict``
    assigns a label.

    ``work`` may serve many fits: each has a folder below it, named by a hash of its data and parameters. So the same call goes on where an
    earlier one was stopped, and another one does not find its files in the way.

    An array (or a data frame) as X is made sparse, unless features are dense: where ``settings`` or ``config`` say so by
    ``global.feature_type``, or where ``framework`` is ``"Slice"``, they say nothing of it, and there are no ``embeddings``.

    Attributes:
        model_: the trained ``Model``.
        classes_: 0 … L−1.
        n_features_in_: V.
    """

    def __init__(
        self,
        framework: str | None = None,
        config: str | None = None,
        arch: str | None = None,
        settings: Mapping[str, Any] | None = None,
        embeddings: np.ndarray | None = None,
        seeds: Sequence[int] = (22,),
        ranks: int = 1,
        threads: int | None = None,
        work: str | None = None,
        top_k: int | None = None,
        threshold: float = 0.5,
        progress: bool = False,
        program: str | None = None,
    ) -> None:
        self.framework = framework
        self.config = config
        self.arch = arch
        self.settings = settings
        self.embeddings = embeddings
        self.seeds = seeds
        self.ranks = ranks
        self.threads = threads
        self.work = work
        self.top_k = top_k
        self.threshold = threshold
        self.progress = progress
        self.program = program

    def fit(self, X: Matrix, y: Matrix) -> "DeepXMLClassifier":
        """Trains on N×V features and N×L labels of zeros and ones, both sparse or dense."""
        X = self._features(X)
        y = self._labels(y)
        if y.shape[0] != X.shape[0]:
            raise ValueError(f"X has {X.shape[0]} rows, y has {y.shape[0]}")
        options = {k: v for k, v in self.get_params(deep=False).items() if k not in ("top_k", "threshold")}
        if self.work is not None:
            options["work"] = os.path.join(os.fspath(self.work), f"fit-{self._hash(X, y)}")
        self.model_ = train(X, y, **options)
        self.n_features_in_ = X.shape[1]
        self.classes_ = np.arange(y.shape[1])
        return self

    def decision_function(self, X: Matrix) -> sp.csr_matrix:
        """N×L scores in sparse form: the best ``top_k`` labels of each document."""
        self._check_fitted()
        X = self._features(X)
        if X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting {self.n_features_in_} features as input"
            )
        return self.model_.predict(X, self.top_k)

    def predict(self, X: Matrix) -> sp.csr_matrix:
        """N×L matrix of ones: labels whose score is at least ``threshold``."""
        scores = self.decision_function(X)
        # Compared as the float32 that scores are.
        scores.data = (scores.data >= np.float32(self.threshold)).astype(np.float32)
        scores.eliminate_zeros()
        return scores.astype(np.int8)

    def score(self, X: Matrix, y: Matrix, sample_weight: Any = None) -> float:
        """P@1: the share of documents whose best label is among their true ones."""
        scores, truth = self.decision_function(X), self._labels(y)
        if truth.shape != scores.shape:
            raise ValueError(f"y has the shape {truth.shape}, expected {scores.shape}: a row for each document, a column for each label")
        best = [scores.indices[a + np.argmax(scores.data[a:b])] if b > a else -1 for a, b in zip(scores.indptr, scores.indptr[1:])]
        hits = np.array([label >= 0 and truth[row, label] for row, label in enumerate(best)], float)
        return float(np.average(hits, weights=sample_weight))

    def _check_fitted(self) -> None:
        if hasattr(self, "model_"):
            return
        try:
            from sklearn.exceptions import NotFittedError
        except ImportError:
            NotFittedError = ValueError  # type: ignore[misc,assignment]
        raise NotFittedError(f"This {type(self).__name__} instance is not fitted yet: call fit first")

    def _hash(self, X: Matrix, y: sp.csr_matrix) -> str:
        """Of what makes the model: not how many ranks and threads do it, with what program, and what is said meanwhile."""
        names = ("framework", "config", "arch", "settings", "seeds")
        given = {name: getattr(self, name) for name in names}
        found = hashlib.sha256(json.dumps(given, sort_keys=True, default=str).encode())
        arrays = [part for m in (X, y) for part in ((m.indptr, m.indices, m.data) if sp.issparse(m) else (m,))]
        if self.embeddings is not None:
            arrays.append(np.asarray(self.embeddings, np.float32))
        for array in arrays:
            found.update(f"{array.shape}".encode())
            found.update(np.ascontiguousarray(array).data)
        for path in (self.config, self.arch):
            if path is not None and os.path.isfile(path):
                with open(path, "rb") as file:
                    found.update(file.read())
        return found.hexdigest()[:12]

    def _features(self, X: Matrix) -> Matrix:
        kind = feature_type(self.settings, self.config)
        is_dense = kind == "dense" or (kind is None and self.framework == "Slice" and self.embeddings is None)
        if kind == "sequential":
            check_order(X, "X")
        if np.iscomplexobj(X):
            raise ValueError("Complex data not supported")
        if not sp.issparse(X):
            X = np.asarray(X)
            if X.ndim != 2:
                raise ValueError(f"Expected 2D array, got {X.ndim}D array instead. Reshape your data: a row a document")
            X = X.astype(np.float32)
        if X.shape[0] == 0 or X.shape[1] == 0:
            raise ValueError(f"0 sample(s) or 0 feature(s) (shape={X.shape}) while a minimum of 1 is required.")
        if sp.issparse(X) or not is_dense:
            X = copied(X, np.float32)
        if not np.isfinite(X.data if sp.issparse(X) else X).all():
            raise ValueError("Input X contains NaN or infinity")
        return X

    @staticmethod
    def _labels(y: Matrix) -> sp.csr_matrix:
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        if not sp.issparse(y):
            y = np.asarray(y)
            if y.ndim != 2 or y.dtype.kind not in "biuf":
                raise ValueError(
                    f"Unknown label type: {y.dtype} of {y.ndim} dimension(s); expected an N×L matrix of zeros and ones, such as "
                    "sklearn.preprocessing.MultiLabelBinarizer makes"
                )
        y = copied(y)
        if y.dtype.kind == "f" and not np.isfinite(y.data).all():
            raise ValueError("Input y contains NaN or infinity")
        if y.dtype.kind == "f" and (y.data != np.round(y.data)).any():
            raise ValueError("Unknown label type: continuous values; expected an N×L matrix of zeros and ones")
        # scikit-learn's own checks give the classes 1 and 2 as one column: there, all that is not 0 counts.
        other = y.data[(y.data < 0) | ((y.data > 1) & (y.shape[1] > 1))]
        if len(other):
            raise ValueError(f"Unknown label type: y has the value {other[0]}; expected an N×L matrix of zeros and ones")
        return y != 0

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.multi_label = True
        tags.target_tags.single_output = False
        tags.target_tags.multi_output = True
        return tags
