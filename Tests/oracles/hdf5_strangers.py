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


def unwritten(file, name, count, chunks=256, filled=0):
    """A dataset of `count` floats of which only the first `filled` are stored."""
    data = file.create_dataset(name, shape=count, dtype="f4", chunks=chunks)
    if filled:
        data[:filled] = 1


def attributes(file):
    file.attrs["fixed"] = np.bytes_("text")
    file.attrs["variable"] = "text"
    file.attrs["texts"] = np.array([b"a", b"b"], "S1")
    file.attrs["one"] = np.float32(0.5)
    file.attrs["floats"] = np.array([1.0, 2.0], "f4")
    file.attrs["complex"] = np.complex64(1)
    file.attrs["small"] = np.int16(-3)
    file.attrs["list"] = np.array([1, 2, 3], "i4")
    file.attrs["single"] = np.array([7], "i8")


def empty_matrix(file):
    unwritten(file, "small", (512, 512), (32, 32))
    unwritten(file, "wide", (513, 512), (32, 32))
    unwritten(file, "cube", (2, 2, 2), (2, 2, 2))


def many(file):
    """Four groups, each of which has what it holds under twenty names: 160,000 paths of one dataset."""
    groups = [file.create_group("g")]
    for _ in range(3):
        groups.append(groups[-1].create_group("0"))
    groups[-1].create_dataset("0", data=DATA)
    for group in groups:
        for number in range(1, 20):
            group[str(number)] = group["0"]


def sized(name, count, **options):
    with h5py.File(folder / f"{name}.h5", "w", libver=("v108", "v110")) as file:
        unwritten(file, "data", (count,), (256,), **options)


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
    # At the bound of what may come of a file's bytes, and one element beyond.
    for name, count, filled in (("empty", 1 << 18, 0), ("sparse", (2**20 + 1032 * 1024) // 4, 256)):
        sized(f"{name}_largest", count, filled=filled)
        sized(f"{name}_larger", count + 1, filled=filled)
    for name, change in (("attributes", attributes), ("empty_matrix", empty_matrix), ("many", many)):
        with h5py.File(folder / f"{name}.h5", "w", libver=("v108", "v110")) as file:
            change(file)
    with h5py.File(folder / "earliest.h5", "w", libver=("earliest", "v110")) as file:
        file.create_dataset("data", data=DATA)


if __name__ == "__main__":
    main()
