"""Says in a line which arrays (and attributes) of two HDF5 or NumPy files differ, bit for bit.

same_arrays.py THEIRS OURS, with h5py and numpy. Attributes seconds_… are times, and not compared. The exit code is 1 where
there is a difference. Tests/processors/against asks it about files of other bytes.
"""
import sys

import h5py
import numpy as np


def arrays(path):
    """Name → array, of all arrays and, marked @, attributes."""
    if not path.endswith(".h5"):
        content = np.load(path)
        return dict(content.items()) if path.endswith(".npz") else {"array": content}
    found = {}
    with h5py.File(path) as file:
        def visit(name, item):
            found.update({f"{name}@{key}": np.asarray(value) for key, value in item.attrs.items() if not key.startswith("seconds_")})
            if isinstance(item, h5py.Dataset):
                found[name] = item[()]
        visit("", file)
        file.visititems(visit)
    return found


def difference(name, theirs, ours):
    if name not in theirs or name not in ours:
        return f"{name} only {'ours' if name in ours else 'theirs'}"
    a, b = theirs[name], ours[name]
    if a.shape != b.shape or a.dtype != b.dtype:
        return f"{name} {a.dtype}{a.shape} is {b.dtype}{b.shape}"
    if a.tobytes() == b.tobytes():
        return None
    if "@" in name:
        return f"{name} {a} is {b}"
    unlike = np.frombuffer(a.tobytes(), np.uint8).reshape(a.size, -1) != np.frombuffer(b.tobytes(), np.uint8).reshape(a.size, -1)
    largest = np.max(np.abs(a.astype(float) - b.astype(float)))
    return f"{name} in {unlike.any(1).sum()} of {a.size} numbers, by up to {largest:.3g}"


def main():
    theirs, ours = arrays(sys.argv[1]), arrays(sys.argv[2])
    found = [line for name in sorted({*theirs, *ours}) if (line := difference(name, theirs, ours))]
    print(", ".join(found))
    return 1 if found else 0


sys.exit(main())
