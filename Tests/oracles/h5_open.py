"""Opens HDF5 files of ours with h5py and scipy, checks every checksum, and says what is in them.

By hand (never needed to build or run): python -m venv V; V/bin/pip install h5py scipy
    V/bin/python Tests/oracles/h5_open.py FILE.h5 ... CHECKPOINT_FOLDER ...
"""
import json
import pathlib
import sys
import zlib

import h5py
import numpy as np
import scipy.sparse


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def open_matrix(group):
    parts = [group[name][()] for name in ("indptr", "indices", "data") if name in group]
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part.tobytes(), checksum)
    assert f"{checksum:08x}" == text(group.attrs["checksum"]), f"checksum of {group.name}"
    data = parts[2] if len(parts) == 3 else np.ones(len(parts[1]), np.float32)
    matrix = scipy.sparse.csr_matrix((data, parts[1], parts[0]), shape=tuple(group.attrs["shape"]))
    matrix.check_format(full_check=True)
    print(f"  {group.name}: csr {matrix.shape}, {matrix.nnz} entries, sum {matrix.sum():.6g}")


def open_file(path):
    print(path)
    with h5py.File(path) as file:
        for name, value in file.attrs.items():
            print(f"  @{name} = {text(value)}")

        def show(name, item):
            if isinstance(item, h5py.Dataset):
                item[()]  # h5py throws where a Fletcher-32 checksum does not fit
                attributes = {key: text(value) for key, value in item.attrs.items()}
                print(f"  {name}: {item.dtype} {item.shape} chunks {item.chunks} fletcher32 {item.fletcher32} {attributes}")
                assert item.fletcher32 or 0 in item.shape
            elif "shape" in item.attrs:
                open_matrix(item)

        file.visititems(show)
        if "shape" in file.attrs:
            open_matrix(file)


def open_checkpoint(folder):
    raw = (folder / "manifest.json").read_bytes()
    manifest = json.loads(raw)
    stored = manifest["fileChecksum"]
    zeroed = raw.replace(f'"fileChecksum" : "{stored}"'.encode(), b'"fileChecksum" : "00000000"')
    assert f"{zlib.crc32(zeroed):08x}" == stored, "checksum of the manifest"
    print(folder, json.dumps(manifest["body"]["key"]), manifest["body"]["state"])
    whole = {}
    for shard in manifest["body"]["shards"]:
        data = (folder / shard["file"]).read_bytes()
        assert len(data) == shard["bytes"] and f"{zlib.crc32(data):08x}" == shard["checksum"], shard["file"]
        open_file(folder / shard["file"])
        with h5py.File(folder / shard["file"]) as file:
            for array in shard["arrays"]:
                whole.setdefault(array["name"], []).append(file[array["name"]][()])
    for name, parts in whole.items():
        placement = next(a["placement"] for a in manifest["body"]["shards"][0]["arrays"] if a["name"] == name)
        joined = np.concatenate(parts, axis=1 if "columns" in placement else 0)
        print(f"  whole {name}: {joined.shape}, sum {joined.sum():.6g}")


for argument in map(pathlib.Path, sys.argv[1:]):
    open_checkpoint(argument) if argument.is_dir() else open_file(argument)
