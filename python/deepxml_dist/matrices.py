"""The caller's matrices: what is no matrix is refused, and none is changed."""

from __future__ import annotations

import json
from typing import Any, Mapping, Sequence, Union

import numpy as np
import scipy.sparse as sp

from .errors import UsageError

Matrix = Union[sp.spmatrix, np.ndarray]


def two_dimensional(given: Any, name: str) -> Matrix:
    """A SciPy matrix as it is, anything else (a list of rows, a data frame) as an array of numbers.

    Raises:
        UsageError: it has not two dimensions, or holds something else than numbers.
    """
    if not sp.issparse(given):
        try:
            given = np.asarray(given)
            given = given if given.dtype.kind in "biufc" else given.astype(np.float32)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{name} is no matrix of numbers: {error}", 2) from error
    if np.iscomplexobj(given):
        raise UsageError(f"{name} has complex values, expected real numbers", 2)
    if given.ndim != 2:
        raise UsageError(f"{name} has {given.ndim} dimension(s), expected 2: a row for each document", 2)
    return given


def copied(matrix: Matrix, dtype: Any = None) -> sp.csr_matrix:
    """A CSR copy, entries in the given order: sorting it, or leaving out its zeros, changes nothing of the caller's."""
    return sp.csr_matrix(matrix, dtype=dtype, copy=True)


def check_order(given: Any, name: str) -> None:
    """Refuses sequences of tokens in a form whose entries have no order: any but CSR."""
    if getattr(given, "format", None) != "csr":
        found = f"{given.format} matrix" if sp.issparse(given) else type(given).__name__
        raise UsageError(f"{name} is a {found}: sequences of tokens are a CSR matrix, the form whose entries have an order", 2)


def feature_type(settings: Mapping[str, Any] | None, config: Any, arguments: Sequence[str] = ()) -> str | None:
    """``global.feature_type`` where the settings, the arguments or a config file of the caller's say it."""
    key = "global.feature_type"
    if key in (settings or {}):
        return settings[key]
    said = [argument.split(f"{key}=", 1)[1] for argument in arguments if f"{key}=" in argument]
    if said or config is None:
        return said[-1] if said else None
    try:
        with open(config, encoding="utf-8") as file:
            return json.load(file)["global"].get("feature_type")
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # The program says what is wrong with it.
