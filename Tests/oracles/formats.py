"""Features and labels, both ways, against files that numpy, scipy, pickle and gzip make themselves.

    python3 -m venv /tmp/deepxml-venv && /tmp/deepxml-venv/bin/pip install numpy scipy h5py
    /tmp/deepxml-venv/bin/python Tests/oracles/formats.py .build/release/deepxml-dist FOLDER

Prints `ok NAME` or `FAILED NAME: WHY` a check (Tests/mpi/formats.sh counts them). With `--fixtures FOLDER` it writes the
pickles that the unit tests read.
"""
import gzip
import io
import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import scipy.sparse as sp

warnings.filterwarnings("ignore", category=DeprecationWarning)
rng = np.random.default_rng(4)


def matrix(rows=37, cols=23, density=0.2):
    m = sp.random(rows, cols, density=density, format="csr", dtype=np.float32, random_state=rng)
    m.data = np.where(m.data < 0.5, m.data * np.float32(1e-6), m.data).astype(np.float32)
    return drop_row(m, 5)


def drop_row(m, row):
    """An empty row within, as data sets have."""
    lil = m.tolil()
    lil[row] = 0
    return sp.csr_matrix(lil.tocsr())


class Program:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def convert(self, *arguments):
        return subprocess.run([self.program, "convert", "--quiet", *arguments], capture_output=True, text=True)

    def converted(self, source, target, *arguments):
        """The path of `target`, written from `source`."""
        done = self.convert("--from", self.path(source), "--to", self.path(target), *arguments)
        assert done.returncode == 0, done.stderr
        return self.path(target)

    def refused(self, source, *texts):
        done = self.convert("--from", self.path(source), "--to", self.path("refused.npz"))
        assert done.returncode == 2, f"exit code {done.returncode}: {done.stderr}"
        for text in texts:
            assert text in done.stderr, f"no {text!r} in {done.stderr}"
        assert not os.path.exists(self.path("refused.npz"))


def xc_text(m):
    rows = [" ".join(f"{c}:{v!s}" for c, v in zip(row.indices, row.data)) for row in (m[r] for r in range(m.shape[0]))]
    return f"{m.shape[0]} {m.shape[1]}\n" + "".join(row + "\n" for row in rows)


def read_xc(text):
    lines = text.split("\n")
    rows, cols = map(int, lines[0].split())
    assert len(lines) == rows + 2 and lines[-1] == "", f"{len(lines)} lines for {rows} rows"
    out = np.zeros((rows, cols), np.float32)
    for r, line in enumerate(lines[1:-1]):
        for entry in line.split():
            c, v = entry.split(":")
            out[r, int(c)] = np.float32(v)
    return out


def same(found, expected):
    found = found.toarray() if sp.issparse(found) else np.asarray(found)
    expected = expected.toarray() if sp.issparse(expected) else np.asarray(expected)
    assert found.shape == expected.shape, f"{found.shape} for {expected.shape}"
    assert found.dtype == np.float32, found.dtype
    assert (found == expected.astype(np.float32)).all(), np.argwhere(found != expected)[:3]


def npz_of(program, source, *arguments):
    return sp.load_npz(program.converted(source, "read.npz", *arguments))


def sparse_variants(m):
    """Name, and a CSR matrix of another index or value type."""
    yield "float32", m
    yield "float64", m.astype(np.float64)
    yield "bool", m.astype(bool)
    for kind in (np.int8, np.int32, np.int64, np.uint16):
        yield np.dtype(kind).name, (m * 90).astype(kind)
    wide = m.copy()
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    yield "int64 indices", wide
    turned = m.copy()
    for r in range(m.shape[0]):
        part = slice(m.indptr[r], m.indptr[r + 1])
        turned.indices[part], turned.data[part] = m.indices[part][::-1].copy(), m.data[part][::-1].copy()
    turned.has_sorted_indices = False
    yield "unsorted", turned


def dense_variants(m):
    dense = m.toarray() - np.float32(0.25)
    for kind in ("<f2", "<f4", "<f8", ">f4", ">f8", "<i4", "|i1", "|u1", "|b1", "<i8", ">i2"):
        for order in "CF":
            scaled = dense.astype("f4") if kind[1] == "f" else (np.abs(dense) * 50)
            yield f"{kind} {order}", np.asarray(scaled.astype(kind), order=order)


def npz_checks(program):
    m = matrix()
    for name, variant in sparse_variants(m):
        for compressed in (False, True):
            def check(variant=variant, compressed=compressed):
                sp.save_npz(program.path("in.npz"), variant, compressed=compressed)
                same(npz_of(program, "in.npz"), variant)
            yield f"npz {name}{' compressed' if compressed else ''}", check

    def csr_array():
        sp.save_npz(program.path("in.npz"), sp.csr_array(m))
        same(npz_of(program, "in.npz"), m)
    yield "npz csr_array", csr_array

    def savez():
        np.savez(program.path("in.npz"), m.toarray())
        same(npz_of(program, "in.npz"), m)
    yield "npz of numpy.savez", savez

    def written():
        sp.save_npz(program.path("in.npz"), m)
        found = npz_of(program, "in.npz")
        assert found.format == "csr" and found.has_canonical_format
    yield "npz is canonical", written


def npy_checks(program):
    for name, array in dense_variants(matrix()):
        def check(array=array):
            np.save(program.path("in.npy"), array)
            same(npz_of(program, "in.npy"), array)
            with open(program.converted("in.npy", "out.npy"), "rb") as file:
                same(np.load(file, allow_pickle=False), array)
        yield f"npy {name}", check


def pickle_checks(program):
    m = matrix()
    for protocol in (2, 3, 4, 5):
        for name, variant in sparse_variants(m):
            for kind in (sp.csr_matrix, sp.csr_array):
                def check(variant=variant, protocol=protocol, kind=kind):
                    write(program.path("in.pkl"), pickle.dumps(kind(variant), protocol))
                    same(npz_of(program, "in.pkl"), variant)
                yield f"pickle {protocol} {kind.__name__} {name}", check
        for name, array in dense_variants(m):
            def check(array=array, protocol=protocol):
                write(program.path("in.pkl"), pickle.dumps(array, protocol))
                same(npz_of(program, "in.pkl"), array)
            yield f"pickle {protocol} array {name}", check

        def renamed(protocol=protocol):
            """As numpy 1 and older scipy name the same things."""
            data = pickle.dumps(sp.csr_matrix(m), protocol)
            if protocol < 4:  # names are lines there; later ones have lengths
                data = data.replace(b"numpy._core", b"numpy.core").replace(b"scipy.sparse._csr", b"scipy.sparse.csr")
            write(program.path("in.pkl"), data)
            same(npz_of(program, "in.pkl"), m)
        yield f"pickle {protocol} old names", renamed

    def numpy_shape():
        other = sp.csr_matrix(m)
        other._shape = (np.int64(m.shape[0]), np.int32(m.shape[1]))
        write(program.path("in.pkl"), pickle.dumps(other, 4))
        same(npz_of(program, "in.pkl"), m)
    yield "pickle with numpy integers in its shape", numpy_shape

    def written_csr():
        sp.save_npz(program.path("in.npz"), m)
        with open(program.converted("in.npz", "out.pkl"), "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("error")
            found = pickle.load(file)
        assert isinstance(found, sp.csr_matrix) and found.has_canonical_format
        same(found, m)
        same(npz_of(program, "out.pkl"), m)
    yield "pickle written, CSR", written_csr

    def written_dense():
        sp.save_npz(program.path("in.npz"), m)
        with open(program.converted("in.npz", "out.pkl", "--format", "pkl-dense"), "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("error")
            found = pickle.load(file)
        assert isinstance(found, np.ndarray) and found.flags.writeable
        same(found, m)
        same(npz_of(program, "out.pkl"), m)
    yield "pickle written, dense", written_dense


class Call:
    """Pickles as a call of any function."""
    def __init__(self, function, *arguments):
        self.made = (function, arguments)

    def __reduce__(self):
        return self.made


def evil_checks(program):
    marker = program.path("was-run")
    cases = {
        "os.system": (Call(os.system, f"touch {marker}"), "system"),
        "builtins.eval": (Call(eval, f"open({marker!r}, 'w')"), ".eval"),
        "subprocess": (Call(subprocess.call, ["touch", marker]), ".call"),
        "numpy.load": (Call(np.load, marker), "numpy"),
        "an object array": (np.array([Call(os.system, f"touch {marker}")], object), "lists and arrays of objects"),
    }
    for name, (value, text) in cases.items():
        for protocol in (2, 4, 5):
            def check(value=value, text=text, protocol=protocol):
                write(program.path("evil.pkl"), pickle.dumps(value, protocol))
                program.refused("evil.pkl", text, "expected")
                assert not os.path.exists(marker), "the code was run"
            yield f"pickle {protocol} that calls {name} is refused", check
    for name, value in {"dict": {"a": 1}, "list": [1, 2], "str": "x", "csc": matrix().tocsc()}.items():
        def check(value=value):
            write(program.path("evil.pkl"), pickle.dumps(value, 4))
            program.refused("evil.pkl", "expected")
        yield f"pickle of a {name} is refused", check

    def cut():
        for protocol in (2, 4, 5):
            whole = pickle.dumps(matrix(9, 7), protocol)
            for size in range(2, len(whole), 23):
                write(program.path("cut.pkl"), whole[:size])
                program.refused("cut.pkl", "cut.pkl")
    yield "a pickle that is cut off is refused", cut


def text_checks(program):
    m = matrix()
    labels = sp.csr_matrix((matrix(37, 11, 0.15) > 0).astype(np.float32))

    def text():
        write(program.path("in.txt"), xc_text(m).encode())
        same(npz_of(program, "in.txt"), m)
        with open(program.converted("in.txt", "out.txt")) as file:
            same(read_xc(file.read()), m)
    yield "XC text", text

    def every_float():
        """Shortest decimal forms read back as the same bits, by Python too."""
        bits = rng.integers(1, 0x7F7FFFFF, 20000, dtype=np.int64).astype(np.uint32)
        floats = sp.csr_matrix(bits.view(np.float32).reshape(200, 100))
        sp.save_npz(program.path("in.npz"), floats)
        with open(program.converted("in.npz", "out.txt")) as file:
            same(read_xc(file.read()), floats)
        same(npz_of(program, "out.txt"), floats)
    yield "XC text of 20,000 floats", every_float

    def packed(level):
        body = xc_text(m).encode()
        # Two members, as pigz and bgzip write.
        write(program.path("in.dat"), gzip.compress(body[:100], level) + gzip.compress(body[100:], level))
        same(npz_of(program, "in.dat"), m)
        with gzip.open(program.converted("in.dat", "out.txt.gz"), "rt") as file:
            same(read_xc(file.read()), m)
    for level in (1, 9):
        yield f"gzip at level {level}", lambda level=level: packed(level)

    def large():
        big = sp.random(60000, 3000, density=0.008, format="csr", dtype=np.float32, random_state=rng)
        write(program.path("in.gz"), gzip.compress(xc_text_fast(big), 1))
        same_sparse(npz_of(program, "in.gz"), big)
    yield "gzip of several chunks", large

    def bomb():
        write(program.path("bomb.gz"), gzip.compress(b"3 5\n" + b"\n" * 40_000_000, 9))
        program.refused("bomb.gz", "number of rows")
        write(program.path("cut.gz"), gzip.compress(xc_text(m).encode())[:-20])
        program.refused("cut.gz", "cut.gz")
    yield "gzip: too many rows, and cut off", bomb

    def one_file():
        lists = [",".join(map(str, labels[r].indices[::-1])) for r in range(37)]
        rows = xc_text(m).split("\n")[1:-1]
        body = "".join(f"{ls} {row}\n" for ls, row in zip(lists, rows))
        write(program.path("train.txt"), f"37 23 11\n{body}".encode())
        program.converted("train.txt", "x.npz", "--to-labels", program.path("y.npz"))
        same(sp.load_npz(program.path("x.npz")), m)
        same(sp.load_npz(program.path("y.npz")), labels)
        program.converted("x.npz", "again.txt", "--from-labels", program.path("y.npz"))
        program.converted("again.txt", "x.txt.gz", "--to-labels", program.path("y.npy"))
        with gzip.open(program.path("x.txt.gz"), "rt") as file:
            same(read_xc(file.read()), m)
        same(np.load(program.path("y.npy")), labels)
    yield "one-file form", one_file

    def sequences():
        """Order and repeats survive."""
        indices = rng.integers(0, 50, 400).astype(np.int32)
        raw = sp.csr_matrix((np.ones(400, "f4"), indices, np.arange(0, 401, 20)), shape=(20, 50))
        save_npz_raw(program.path("seq.npz"), raw)
        program.converted("seq.npz", "seq.pkl", "--sequences")
        program.converted("seq.pkl", "seq.txt", "--sequences")
        program.converted("seq.txt", "out.npz", "--sequences")
        with np.load(program.path("out.npz")) as found:
            assert (found["indices"] == indices).all() and (found["indptr"] == raw.indptr).all()
    yield "sequences", sequences


def xc_text_fast(m):
    out = io.StringIO()
    out.write(f"{m.shape[0]} {m.shape[1]}\n")
    for r in range(m.shape[0]):
        part = slice(m.indptr[r], m.indptr[r + 1])
        out.write(" ".join(map("{}:{}".format, m.indices[part], m.data[part])) + "\n")
    return out.getvalue().encode()


def same_sparse(found, expected):
    assert found.shape == expected.shape and (abs(found - expected)).nnz == 0 and found.nnz == expected.nnz


def save_npz_raw(path, m):
    np.savez(path, indices=m.indices, indptr=m.indptr, format=np.bytes_("csr"), shape=np.array(m.shape), data=m.data)


def bad_checks(program):
    def refused(name, data, *texts):
        def check():
            write(program.path(name), data)
            program.refused(name, *texts)
        return check
    def npy(shape, kind="<f4", data=b""):
        file = io.BytesIO()
        np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
        return file.getvalue() + data
    yield "npy of an absurd size", refused("a.npy", npy((1 << 40, 1 << 20)), "cut off")
    yield "npy of absurdly many empty rows", refused("b.npy", npy((1 << 45, 0)), "wrong shape")
    yield "npy of objects", refused("c.npy", npy((1, 1), "|O", b"\0" * 8), "|O")
    yield "npy of complex numbers", refused("d.npy", npy((1, 1), "<c8", b"\0" * 8), "<c8")
    yield "npy with a NaN", refused("e.npy", npy((1, 2), "<f4", np.array([1, np.nan], "<f4").tobytes()), "column 1")
    yield "HDF5", refused("f.h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 100, "HDF5")
    yield "nothing", refused("g.txt", b"", "empty")
    yield "random bytes", refused("h.bin", bytes(rng.integers(0, 256, 500, dtype=np.uint8)), "h.bin")
    yield "a packed npy", refused("i.gz", gzip.compress(npy((1, 1), "<f4", b"\0" * 4)), "only text may be packed")


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def fixtures(folder):
    """Small pickles and packed text for the unit tests: a 3×4 matrix with an empty row."""
    m = sp.csr_matrix(np.array([[0.5, 0, 0, -2], [0, 0, 0, 0], [0, 3, 0, 1e-3]], "f4"))
    for protocol in (2, 3, 4, 5):
        write(os.path.join(folder, f"csr_p{protocol}.pkl"), pickle.dumps(m, protocol))
        array = np.asfortranarray(m.toarray().astype("f8")) if protocol % 2 else m.toarray()
        write(os.path.join(folder, f"array_p{protocol}.pkl"), pickle.dumps(array, protocol))
        write(os.path.join(folder, f"evil_p{protocol}.pkl"), pickle.dumps(Call(os.system, "touch /tmp/deepxml-was-run"), protocol))


def main():
    if sys.argv[1] == "--fixtures":
        return fixtures(sys.argv[2])
    program = Program(sys.argv[1], sys.argv[2])
    for group in (npz_checks, npy_checks, pickle_checks, evil_checks, text_checks, bad_checks):
        for name, check in group(program):
            try:
                check()
                print(f"ok {name}", flush=True)
            except Exception as error:  # every check is run, whatever the one before said
                why = f"{type(error).__name__}: {error}".replace("\n", " | ")
                print(f"FAILED {name}: {why}", flush=True)


main()
