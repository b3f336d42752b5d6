#!/usr/bin/env python3
"""HDF5 files that lead out of themselves, or say that they hold what no memory does: Tests/oracles/Fixtures/hdf5.

    python3 -m venv /tmp/oracles && /tmp/oracles/bin/pip install h5py numpy
    /tmp/oracles/bin/python Tests/oracles/hdf5_strangers.py

Each is a score file of another program's making (docs/FORMATS.md) but for one thing; `good.h5` and `packed.h5` are read.
"""
import pathlib

import h5py
import numpy as np

folder = pathlib.Path(__file__).with_name("Fixtures") / "hdf5"
INDPTR, INDICES, DATA = np.array([0, 2, 3], "i4"), np.array([1, 4, 0], "i4"), np.array([0.5, 0.25, 1.0], "f4")


def write(name, change=lambda file: None, skip=(), **options):
    with h5py.File(folder / f"{name}.h5", "w", libver=("v108", "v110")) as file:
        file.attrs["shape"] = np.array([2, 5], "i8")
        for key, values in (("indptr", INDPTR), ("indices", INDICES), ("data", DATA)):
            if key not in skip:
                file.create_dataset(key, data=values, **options)
        change(file)


def other_files(file):
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_external(b"/etc/passwd", 0, 12)
    h5py.h5d.create(file.id, b"data", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((3,)), creation)


def virtual(file):
    layout = h5py.VirtualLayout(shape=(3,), dtype="f4")
    layout[:] = h5py.VirtualSource("good.h5", "data", shape=(3,))
    file.create_virtual_dataset("data", layout)


def set_link(key, link):
    def change(file):
        file[key] = link
    return change


def linked_group(file):
    file["group"] = h5py.ExternalLink("good.h5", "/")
    file.create_dataset("data", data=DATA)


def cycle(file):
    for name in ("a", "b"):
        file[name] = file["/"]


def main():
    folder.mkdir(parents=True, exist_ok=True)
    write("good")
    write("packed", compression="gzip", shuffle=True, fletcher32=True, chunks=True)
    write("external_link", set_link("data", h5py.ExternalLink("good.h5", "/data")), skip=["data"])
    write("soft_link", set_link("data", h5py.SoftLink("/indices")), skip=["data"])
    write("other_files", other_files, skip=["data"])
    write("virtual", virtual, skip=["data"])
    write("filter", lambda file: file.create_dataset("data", data=DATA, chunks=(3,), scaleoffset=2), skip=["data"])
    write("linked_group", linked_group, skip=["data"])
    write("huge", lambda file: file.create_dataset("data", shape=(1 << 40,), dtype="f4", chunks=(1 << 20,)), skip=["data"])
    write("cycle", cycle)


if __name__ == "__main__":
    main()
