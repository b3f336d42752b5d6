"""Lets Python's zipfile and scipy open the matrices that NPZTests.roundTrip wrote.

    mkdir -p /tmp/npz && NPZ_ROUNDTRIP_FOLDER=/tmp/npz swift test -c release --filter NPZTests
    /tmp/venv/bin/python Tests/oracles/npz_roundtrip.py /tmp/npz/*.npz
"""
import sys
import zipfile

import numpy as np
import scipy.sparse as sp

EXPECTED = np.array([[1.5, 0, 0, 0, 0, -2], [0] * 6, [0, 0, 0, 0.25, 0, 0]], "f4")

for path in sys.argv[1:]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, f"{path}: wrong CRC"
        names = sorted(archive.namelist())
    assert names == ["data.npy", "format.npy", "indices.npy", "indptr.npy", "shape.npy"], names
    matrix = sp.load_npz(path)
    assert matrix.format == "csr" and matrix.dtype == np.float32 and matrix.indices.dtype == np.int32, path
    assert matrix.has_canonical_format and (matrix.toarray() == EXPECTED).all(), path
    print(f"{path}: ok, {matrix.nnz} entries")
