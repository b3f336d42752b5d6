"""A model's files as lists of named arrays that can be changed, with every checksum made anew: what a stranger can do to them."""
import ctypes
import ctypes.util
import json
import os
import re
import struct
import zlib

import h5py
import numpy as np

_xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
_xxhash.XXH64.restype = ctypes.c_uint64
_xxhash.XXH64.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]


def xxh64(content):
    return _xxhash.XXH64(bytes(content), len(content), 0)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def with_checksum(text):
    """A text with `fileChecksum`: the CRC-32 of the text that has zeros in its place."""
    at = text.rindex(b'"fileChecksum" : "') + len(b'"fileChecksum" : "')
    zeroed = text[:at] + b"00000000" + text[at + 8:]
    return text[:at] + b"%08x" % zlib.crc32(zeroed) + text[at + 8:]


class Cache:
    """training.xcd: 64-bit words, then arrays (Sources/Datasets/Dataset/CacheLayout.swift)."""

    NAMES = ["trainX.starts", "trainX", "trainX.values", "trainY.starts", "trainY", "documents.starts", "documents",
             "testX.starts", "testX", "testX.values", "testY.starts", "testY", "labelIds", "labelCounts", "filter.starts", "filter",
             "texts.starts", "texts", "texts.values"]

    def __init__(self, path):
        self.path, self.content = path, bytearray(read(path))
        version = struct.unpack_from("<Q", self.content, 8)[0]
        self.matrices = 6 + (version & 1) + (3 if version >= 4 else 0)
        self.sections = 16 + 3 * (version & 1) + (7 if version >= 4 else 0)
        self.counted = 6 + 2 * self.matrices + 3 * self.sections
        self.table = 6 + 2 * self.matrices

    def words(self):
        return list(struct.unpack_from(f"<{self.counted}Q", self.content, 0))

    def set_word(self, at, value):
        struct.pack_into("<Q", self.content, 8 * at, value % 2**64)

    def arrays(self):
        """Name -> (dtype, offset, count)."""
        found, words = {}, self.words()
        for at, name in enumerate(self.NAMES[:self.sections]):
            offset, count = words[self.table + 3 * at:self.table + 3 * at + 2]
            found[name] = (np.float32 if "values" in name else np.int64 if "starts" in name else np.int32, offset, count)
        return found

    def array(self, name):
        dtype, offset, count = self.arrays()[name]
        return np.frombuffer(self.content, dtype, count, offset)

    def save(self):
        words = self.words()
        for at, (name, (dtype, offset, count)) in enumerate(self.arrays().items()):
            size = np.dtype(dtype).itemsize
            if offset <= len(self.content) and count * size <= len(self.content):
                digest = xxh64(self.content[offset:offset + count * size])
                struct.pack_into("<Q", self.content, 8 * (self.table + 3 * at + 2), digest)
        self.set_word(self.counted, xxh64(self.content[:8 * self.counted]))
        write(self.path, self.content)


class Mapped:
    """serving.dxa: arrays, then their description as JSON (Sources/Checkpoint/Mapped/ArrayFile.swift)."""

    TYPES = {"float32": np.float32, "float64": np.float64, "int32": np.int32, "int64": np.int64, "uint8": np.uint8,
             "uint64": np.uint64, "bfloat16": np.uint16, "int8": np.int8}
    FLOATS = ("float32", "float64", "bfloat16")

    def __init__(self, path):
        self.path, content = path, read(path)
        place = struct.unpack_from("<Q", content, len(content) - 16)[0]
        self.content = bytearray(content[:place])
        self.text = content[place:-16]
        self.description = json.loads(self.text)["body"]

    def arrays(self):
        return {entry["name"]: entry for entry in self.description["arrays"]}

    def array(self, name):
        entry = self.arrays()[name]
        return np.frombuffer(self.content, self.TYPES[entry["type"]], entry["rows"] * entry["cols"], entry["offset"])

    def save(self):
        for entry in self.description["arrays"]:
            size, digests = entry["rows"] * entry["cols"] * np.dtype(self.TYPES[entry["type"]]).itemsize, []
            if 0 <= size <= len(self.content) and 0 <= entry["offset"] <= len(self.content) - size:
                whole = self.content[entry["offset"]:entry["offset"] + size]
                digests = ["%016x" % xxh64(whole[at:at + (16 << 20)]) for at in range(0, size, 16 << 20)]
                entry["digests"] = digests
        text = json.dumps({"body": self.description, "fileChecksum": "00000000"}, indent=2, separators=(",", " : "))
        text = with_checksum(text.encode() + b"\n")
        write(self.path, bytes(self.content) + text + struct.pack("<Q", len(self.content)) + b"DXARRAY1")


class Checkpoint:
    """A checkpoint's folder: shards as HDF5, and manifest.json."""

    def __init__(self, folder):
        self.folder = folder
        self.text = read(f"{folder}/manifest.json")
        self.manifest = json.loads(self.text)["body"]
        self.shards = [shard["file"] for shard in self.manifest["shards"]]

    def arrays(self):
        """(shard, name) -> dtype."""
        found = {}
        for shard in self.shards:
            with h5py.File(f"{self.folder}/{shard}") as file:
                file.visititems(lambda name, item, shard=shard: found.update({(shard, name): item.dtype})
                                if isinstance(item, h5py.Dataset) else None)
        return found

    def change(self, shard, name, change):
        """Replaces an array by what `change` makes of a copy."""
        with h5py.File(f"{self.folder}/{shard}", "r+") as file:
            array = file[name][()]
            change(array.reshape(-1))
            file[name][...] = array

    def save(self):
        """The manifest, with the shards' checksums as they are now."""
        for shard in self.manifest["shards"]:
            path = f"{self.folder}/{shard['file']}"
            if os.path.exists(path):
                shard["checksum"] = "%08x" % zlib.crc32(read(path))
        text = json.dumps({"body": self.manifest, "fileChecksum": "00000000"}, indent=2, separators=(",", " : "))
        write(f"{self.folder}/manifest.json", with_checksum(text.encode() + b"\n"))


def integers(value, path=()):
    """The places of all whole numbers in a JSON value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from integers(item, path + (key,))
    elif isinstance(value, list):
        for key, item in enumerate(value):
            yield from integers(item, path + (key,))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield path


def replace(value, path, number):
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = number


class Description:
    """model.json: its checksum is the CRC-32 of its other members in one line."""

    def __init__(self, path):
        self.path = path
        self.body = re.sub(r',\s*"checksum": "[0-9a-f]{8}"\s*}\s*$', "\n}\n", read(path).decode())

    def numbers(self):
        """Where whole numbers stand in the text."""
        return [found.span(1) for found in re.finditer(r'(?<=[:\[,\n ])(-?\d+)(?=\s*[,}\]\n])', self.body)]

    @staticmethod
    def line(text):
        """The text with a space behind commas and colons, and none elsewhere."""
        parts = re.finditer(r'"(?:[^"\\]|\\.)*"|\s+|[,:]|[^",:\s]+', text)
        return "".join("" if part[0].isspace() else part[0] + " " if part[0] in ",:" else part[0] for part in parts)

    def save(self, body=None):
        body = (self.body if body is None else body).rstrip()
        checksum = zlib.crc32(self.line(body).encode())
        write(self.path, (body[:-1].rstrip() + ',\n  "checksum": "%08x"\n}\n' % checksum).encode())
