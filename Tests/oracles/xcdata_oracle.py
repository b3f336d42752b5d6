"""Makes Tests/oracles/xcdata/*: what numpy, scipy and exact rational arithmetic say about the data layer.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy scipy
    /tmp/venv/bin/python Tests/oracles/xcdata_oracle.py
"""
import json
import os
from fractions import Fraction

import numpy as np
import scipy.sparse as sp

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "xcdata")
rng = np.random.default_rng(20210)


def nearest_float_bits(text):
    """Bits of the float32 nearest to a decimal, ties to even, by exact arithmetic; None beyond the largest float."""
    x = Fraction(text)
    if x == 0:
        return 0
    e = x.numerator.bit_length() - x.denominator.bit_length()
    if Fraction(2) ** e > x:
        e -= 1
    e = max(e, -126)
    unit = Fraction(2) ** (e - 23)
    n, rest = divmod(x, unit)
    n = int(n)
    if rest * 2 > unit or (rest * 2 == unit and n % 2 == 1):
        n += 1
    if n == 1 << 24:
        n, e = 1 << 23, e + 1
    if e > 127:
        return None
    return n if n < 1 << 23 else ((e + 127) << 23) + (n - (1 << 23))


def decimal_of(x):
    """The exact decimal expansion of a dyadic rational."""
    k = x.denominator.bit_length() - 1
    digits = str(x.numerator * 5**k).rjust(k + 1, "0")
    return digits if k == 0 else digits[:-k] + "." + digits[-k:]


def float_cases():
    cases = ["0", "0.0", "0e5", "-0", "-0.000", "1", "+1.5", "1.", ".5", "00012.500", "1e2", "1E-2", "1.5e+3", "16777217",
             "16777219", "33554433", "3.4028234e38", "340282346638528859811704183484516925440", "1.17549435e-38", "1e-45",
             "1.4e-45", "7e-46", "1e-400", "0.1", "0.3", "8.87390", "0.000001", "99999999", "999999999",
             "12345678.12345678", "123456789.123456789", "9007199254740993", "18446744073709551615",
             "18446744073709551616", "99999999999999999999", "0." + "0" * 30 + "1", "1" + "0" * 30,
             "0.333333333333333333333333333333333333333", "1e22", "1e23", "3e-22", "3e-23", "1e38"]
    for _ in range(600):  # ordinary decimals
        cases.append("%.*f" % (int(rng.integers(0, 9)), rng.uniform(0, 10.0 ** int(rng.integers(0, 8)))))
    for _ in range(300):  # as Python prints doubles and floats
        cases.append(repr(float(rng.uniform(0, 1) * 10.0 ** int(rng.integers(-9, 9)))))
        cases.append(str(np.float32(rng.uniform(0, 1) * 10.0 ** int(rng.integers(-9, 9)))))
    for _ in range(400):  # half-way between two floats, and a hair beside it
        f = np.float32(rng.uniform(1, 2) * 2.0 ** int(rng.integers(-30, 40)))
        middle = (Fraction(float(f)) + Fraction(float(np.nextafter(f, np.float32(np.inf))))) / 2
        text = decimal_of(middle)
        cases.append(text)
        cases.append((text if "." in text else text + ".") + "0000001")
        cases.append(decimal_of(middle - Fraction(1, 2**90))[:100])
        cases.append(text[:18])
    for _ in range(150):  # 19 digits: nearer to the middle than a mantissa of 64 bits can tell
        f = np.float32(rng.uniform(0.5, 1))
        middle = (Fraction(float(f)) + Fraction(float(np.nextafter(f, np.float32(1))))) / 2
        below = int(middle * 10**19)
        cases += ["0.%019d" % below, "0.%019d" % (below + 1)]
    return [c for c in cases if len(c) <= 400]


def cleanup_case():
    """Two splits with empty rows, explicit zeros, labels without documents and headers that differ."""
    def rows(n, cols, most, values):
        out = []
        for _ in range(n):
            k = 0 if rng.random() < 0.2 else int(rng.integers(1, most))
            idx = np.sort(rng.choice(cols, k, replace=False))
            out.append([(int(i), "0" if rng.random() < 0.1 else values()) for i in idx])
        return out

    number = lambda: "%.5f" % rng.uniform(0.1, 20)
    one = lambda: "1"
    text = lambda rs, cols: "%d %d\n" % (len(rs), cols) + "".join(" ".join("%d:%s" % e for e in r) + "\n" for r in rs)
    trn_x, trn_y = rows(40, 30, 8, number), rows(40, 25, 4, one)
    tst_x, tst_y = rows(15, 33, 8, number), rows(15, 22, 4, one)
    pairs = [(3, 5), (3, 2), (14, 24), (0, 0), (3, 5)]

    def matrix(rs, cols):
        m = sp.lil_matrix((len(rs), cols))
        for r, row in enumerate(rs):
            for c, v in row:
                m[r, c] = np.float32(v)
        m = m.tocsr()
        m.eliminate_zeros()
        return m

    X, Y, tX, tY = matrix(trn_x, 33), matrix(trn_y, 25), matrix(tst_x, 33), matrix(tst_y, 25)
    kept = np.flatnonzero((np.diff(X.indptr) > 0) & (np.diff(Y.indptr) > 0))
    labels = np.flatnonzero(np.asarray(Y[kept].sum(axis=0)).ravel() > 0)

    def l2(m):
        norms = np.sqrt(np.asarray(m.multiply(m).sum(axis=1)).ravel())
        norms[norms == 0] = 1
        return sp.diags(1 / norms) @ m

    def parts(m):
        m = m.tocsr()
        m.sort_indices()
        return {"rows": m.shape[0], "cols": m.shape[1], "starts": m.indptr.tolist(), "indices": m.indices.tolist(),
                "values": [float(v) for v in m.data]}

    filt = sp.lil_matrix((15, 25))
    for d, l in pairs:
        filt[d, l] = 1
    return {
        "files": {"trn_X_Xf.txt": text(trn_x, 30), "trn_X_Y.txt": text(trn_y, 25), "tst_X_Xf.txt": text(tst_x, 33),
                  "tst_X_Y.txt": text(tst_y, 22), "filter_labels_test.txt": "".join("%d %d\n" % p for p in pairs)},
        "trainFeatures": parts(l2(X[kept])), "rawTrainFeatures": parts(X[kept]), "trainLabels": parts(Y[kept][:, labels]),
        "trainDocuments": parts(Y[kept][:, labels].T), "testFeatures": parts(l2(tX)), "testLabels": parts(tY),
        "testFilter": parts(filt), "labelIds": labels.tolist(),
        "labelCounts": np.asarray(Y.sum(axis=0)).ravel().astype(int).tolist(), "trainRowsInFile": 40,
    }


def arrays():
    a = np.round(rng.normal(size=(5, 3)), 2)
    np.save(HERE + "/f4.npy", a.astype("<f4"))
    np.save(HERE + "/f2.npy", a.astype("<f2"))
    np.save(HERE + "/f8.npy", a)
    np.save(HERE + "/f4_fortran.npy", np.asfortranarray(a.astype("<f4")))
    np.save(HERE + "/f4_big.npy", a.astype(">f4"))
    np.save(HERE + "/i8.npy", np.arange(6).reshape(2, 3))
    np.save(HERE + "/cube.npy", np.zeros((2, 2, 2), "<f4"))
    m = sp.random(7, 11, 0.3, format="csr", random_state=5)
    m.data -= 0.5
    sp.save_npz(HERE + "/deflated_f8.npz", m, compressed=True)
    sp.save_npz(HERE + "/stored_f4.npz", m.astype("f4"), compressed=False)
    w = m.astype("f4")
    np.savez(HERE + "/wide.npz", indices=w.indices.astype("i8"),
             indptr=w.indptr.astype("i8"), format="csr", shape=w.shape, data=w.data)
    u = w.copy()
    for r in range(7):
        s = slice(u.indptr[r], u.indptr[r + 1])
        u.indices[s], u.data[s] = u.indices[s][::-1].copy(), u.data[s][::-1].copy()
    u.has_sorted_indices = False
    sp.save_npz(HERE + "/unsorted.npz", u)
    sp.save_npz(HERE + "/csc.npz", w.tocsc())
    m.sort_indices()
    return {"dense": a.tolist(), "indptr": m.indptr.tolist(), "indices": m.indices.tolist(), "data": m.data.tolist()}


os.makedirs(HERE, exist_ok=True)
cases = float_cases()
json.dump([[c, nearest_float_bits(c)] for c in cases], open(HERE + "/floats.json", "w"), separators=(",", ":"))
json.dump(cleanup_case(), open(HERE + "/cleanup.json", "w"), separators=(",", ":"))
json.dump(arrays(), open(HERE + "/arrays.json", "w"), separators=(",", ":"))
