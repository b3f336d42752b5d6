#!/usr/bin/env python3
"""Writes the small seeds of Tests/fuzz/corpus: good files of every form, as other programs write them.

Needs numpy, scipy and h5py (a virtual environment will do). Matrix files get a first byte in front: for which of the five
kinds of MatrixFile they are read. Seeds of `manifest` come from Tests/fuzz/Targets/CheckpointParsers.swift itself.
"""
import gzip
import io
import json
import os
import sys
import zlib

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CORPUS = os.path.join(ROOT, "Tests/fuzz/corpus")
ORACLES = os.path.join(ROOT, "Tests/oracles")


def seed(target, name, content):
    os.makedirs(f"{CORPUS}/{target}", exist_ok=True)
    with open(f"{CORPUS}/{target}/{name}", "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def of_kinds(target, name, content, kinds=range(5)):
    content = content.encode() if isinstance(content, str) else content
    for kind in kinds:
        seed(target, f"{name}_{kind}", bytes([kind]) + content)


def texts():
    xc = "3 12\n0:0.5 3:1.25e-2 11:7\n\n2:1 5:0.000001\t7:123456789\r\n"
    one_file = "3 12 4\n0,2 0:0.5 11:7\n 3:1\n3,1,1 2:1 5:0.1\n"
    of_kinds("xc", "three_rows", xc)
    of_kinds("xc", "signs", "2 3\n2:-1.5 0:+3\n1:-0 1:1\n", [2, 3, 4])
    of_kinds("one_file", "three_rows", one_file, [0, 1, 4])
    for name, text in [("xc", xc), ("one_file", one_file)]:
        of_kinds("gz", name, gzip.compress(text.encode(), 9, mtime=0), [0, 1])
        of_kinds("gz_text", name, text * 2, [0, 1])
    seed("predictions_text", "header", "2 9\n3:0.5 1:-1e-3\n8:0.25\n")
    seed("predictions_text", "bare", "3:0.5 1:0.25\n\n8:0.25")
    seed("predictions_jsonl", "two", '{"document":0,"labels":[{"id":17,"name":"a\\"b","score":0.93},{"id":3,"score":-1}]}\n'
         '{"labels":[],"x":[true,{"y":null}],"document":2}\n')
    seed("label_filter", "pairs", "0 1\n2 3\n\n2 99\r\n")
    seed("names", "latin", b"one\nna\xefve\n\ntwo words\r\n")
    seed("names", "packed", gzip.compress(b"one\ntwo\n", 9, mtime=0))
    seed("documents", "tsv", "a|b c\tsome text\n\tno label\n")
    seed("documents", "json", '{"text": "a text", "labels": ["a", 7]}\n{"labels": [], "text": "\\u00e9"}\n')
    seed("documents", "raw_xc", '{"uid": "1", "title": "t", "content": "c", "target_ind": [0, 7], "target_rel": [1.0]}\n')
    seed("documents", "packed", gzip.compress(b"a|b\tsome text\n", 9, mtime=0))
    seed("label_names", "json", '{"uid": "1", "title": "a | b"}\n{"title": ""}\n')
    seed("label_names", "plain", "a\nb\na\n\n")
    seed("wordnet", "two", "  1 licence\n00001740 03 n 01 entity 0 001 ~ 00001930 n 0000 | what is; \"so\"  \n"
         "00001930 03 n 02 physical_entity 0 thing 1 001 @ 00001740 n 0000 | a thing  \n")
    plain = {"document_counts": [3, 2], "lower_case": True, "min_count": 1, "rule": RULE, "training_texts": 4, "version": 1,
             "weighting": "tf*(ln((1+N)/(1+df))+1), l2"}
    seed("tokenizer", "plain", "text\nword\n\x1e" + json.dumps(plain))
    ngrams = dict(plain, version=2, words=1, subwords={"kind": "ngrams", "min": 2, "max": 3}, document_counts=[3, 2])
    seed("tokenizer", "ngrams", "text\n" + MARK + "wo\n\x1e" + json.dumps(ngrams))
    bpe = dict(ngrams, subwords={"kind": "bpe", "merges": ["w o", "wo r", "t >"]})
    seed("tokenizer", "bpe", "text\n" + MARK + "wo\n\x1e" + json.dumps(bpe))


def encoders():
    """What a pretrained encoder's folder holds."""
    header = ('{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},'
              '"b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]},"c":{"dtype":"I64","shape":[],"data_offsets":[12,20]}}')
    data = bytes(range(12)) + bytes(8)
    seed("safetensors", "three", len(header).to_bytes(8, "little") + header.encode() + data)
    seed("safetensors", "reference", open(f"{ORACLES}/wordpiece/small.safetensors", "rb").read())
    seed("safetensors_header", "three", header.encode() + b"\x1e" + data)
    seed("safetensors_header", "empty", b'{"a":{"dtype":"F16","shape":[0,3],"data_offsets":[0,0]}}')
    vocabulary = {name: number for number, name in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "text", "##s", "\u4e2d", "run", "##ning"])}
    tokens = [{"id": number, "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
              for name, number in list(vocabulary.items())[:4]]
    tokenizer = {
        "truncation": {"max_length": 12}, "added_tokens": tokens,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                           {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
                           "special_tokens": {name: {"ids": [vocabulary[name]]} for name in ("[CLS]", "[SEP]")}},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                  "vocab": vocabulary},
    }
    seed("wordpiece", "template", json.dumps(tokenizer))
    seed("wordpiece", "bert", json.dumps(dict(tokenizer, truncation=None, post_processor={
        "type": "BertProcessing", "cls": ["[CLS]", 2], "sep": ["[SEP]", 3]})))
    seed("pretrained_config", "bert", json.dumps({
        "model_type": "bert", "hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536,
        "vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
        "position_embedding_type": "absolute"}))
    seed("pretrained_config", "distilbert", json.dumps({
        "model_type": "distilbert", "dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072, "vocab_size": 30522,
        "max_position_embeddings": 512, "activation": "gelu"}))


def models():
    """What a trained model's folder holds; the targets make the checksums."""
    def matrix(rows, cols, values):
        starts = np.cumsum([0] + [len(row) for row in rows]).astype("<i8")
        entries = np.array([column for row in rows for column in row], "<i4")
        return (len(rows), cols), [starts, entries] + ([np.ones(len(entries), "<f4")] if values else [])

    labels, ids, counts = [[0, 2], [1], [0, 1]], np.array([0, 1, 3], "<i4"), np.array([2, 2, 0, 1], "<i4")
    for version in (2, 3, 6):
        parts = [matrix([[0, 4], [1], [2]], 5, True), matrix(labels, 3, False), matrix([[0, 2], [1, 2], [0]], 3, False),
                 matrix([[3]], 5, True), matrix([[3]], 4, False), matrix([[2]], 4, False)]
        if version & 1:
            parts.append(matrix([[0], [], [1, 2]], 5, True))
        if version > 3:
            parts += [matrix([[1]], 5, True), matrix([[0]], 4, False), matrix([[]], 4, False)]
        arrays = [array for _, own in parts[:5] for array in own] + [ids, counts] + [array for _, own in parts[5:] for array in own]
        body, sections = b"", []
        for array in arrays:
            sections += [4096 + len(body), len(array), 0]
            body += array.tobytes()
            body += bytes(-len(body) % 64)
        words = [0, version - 2, 0, 1, 5, 0] + [number for shape, _ in parts for number in shape] + sections
        seed("model_cache", f"version_{version}", np.array(words, "<u8").tobytes().ljust(896, b"\0") + body)

    record = json.dumps({"key": {"module": "m", "moduleIndex": 0, "epoch": 1, "step": 2}, "shards": 2, "state": {}})
    numbers, described = bytes(56), []
    for name, array in [("m/W", np.ones((3, 4), "<f4")), ("m/q", np.ones((3, 4), "i1")), ("m/q.scale", np.ones(3, "<f4")),
                        ("m/h", np.ones((2, 3), "<u2")), ("index.starts", np.array([0, 1, 2], "<i8"))]:
        numbers += bytes(-(len(numbers) + 8) % 64)
        kind = {"float32": "float32", "int8": "int8", "uint16": "bfloat16", "int64": "int64"}[array.dtype.name]
        rows, cols = array.shape if array.ndim == 2 else (len(array), 1)
        described.append({"name": name, "type": kind, "rows": rows, "cols": cols, "offset": len(numbers) + 8, "digests": []})
        numbers += array.tobytes()
    whole = {"body": {"schema": 1, "attributes": {"module.m": record}, "arrays": described}, "fileChecksum": ""}
    seed("serving", "five", numbers + json.dumps(whole).encode())

    def lists(first, second, third=b""):
        return bytes([len(first), len(second)]) + first.tobytes() + second.tobytes() + third

    seed("stored_rows", "three", lists(np.array([2, 0, 1], "<i4"), np.array([0, 39, 7], "<i4")))
    narrow = np.frombuffer(bytes([0, 7, 49, 1]) + bytes([5, 9]), np.uint8)
    seed("narrow_rows", "bytes", lists(np.array([0, 4, 6], "<i8"), narrow))
    halves = np.frombuffer(bytes([0, 0, 63, 49, 0, 191]), np.uint8)
    seed("narrow_rows", "halves", lists(np.array([0, 6], "<i8"), halves))
    # A table of eight places: tags, the same again behind them, then columns and weights.
    tags = bytes([1, 0, 0, 0, 0, 0, 0, 0])
    table = np.frombuffer(tags * 3 + np.array([[0, 0]] * 8, "<i4").tobytes(), np.uint8)
    seed("weight_tables", "one", lists(np.array([0, 88, 88], "<i8"), table))
    seed("inverted_rows", "three", lists(np.array([0, 2, 2, 3], "<i8"), np.array([0, 2, 1], "<i4"), np.array([2, 0, 1], "<i4").tobytes()))


def configs():
    for path in ["DeepXML/WordNetSmall.json", "DeepXML/default.json", "DeepXML-ANNS/default.json"]:
        if os.path.exists(f"{ROOT}/configs/{path}"):
            seed("config", path.replace("/", "_"), open(f"{ROOT}/configs/{path}").read())
    seed("config", "oldest", '{"lr_org": 0.002, "global": {}}')
    seed("config", "no_section", '{"global": 1}')
    seed("config", "without_effect", '{"global": {"data_dir": "d", "shuffle": true}, "extreme": {"shuffle": false}}')
    seed("config", "escapes", '{"global": {"dataset": "\\u00e9\\ud83d\\ude00\\n", "A": -1.5e-3, "top_k": 5}, "extreme": {}}')
    for name in sorted(os.listdir(f"{ROOT}/configs/arch")):
        seed("arch", name, open(f"{ROOT}/configs/arch/{name}").read())


def binaries():
    of_npy = [name for name in sorted(os.listdir(f"{ORACLES}/xcdata")) if name.endswith((".npy", ".npz", ".pkl"))]
    for name in of_npy:
        content = open(f"{ORACLES}/xcdata/{name}", "rb").read()
        target = {"npy": "npy", "npz": "npz", "pkl": "pickle"}[name[-3:]]
        of_kinds(target, name, content, [2, 4] if target == "npy" else [0, 3])
        if target == "npy":
            seed("npy_floats", name, content)
    members = []
    for array in [np.array([0, 2, 1], np.int32), np.array([0, 1, 3], np.int32), np.array(b"csr"), np.array([2, 4]),
                  np.array([1, 2, 3], np.float32)]:
        file = io.BytesIO()
        np.save(file, array)
        members.append(file.getvalue())
    of_kinds("npz_members", "csr", b"\xff\x00\xff".join(members), [0, 3])
    seed("npz_listing", "csr", b"\xff\x00\xff".join(members))
    repeated = [np.array([1, 1, 3], np.int64), np.array([0, 2, 3], np.int64), np.array("csr"), np.array([2, 4], np.int32),
                np.array([True, False, True])]
    for name, change in [("repeated", 0), ("booleans", 1)]:
        arrays = [np.array([1, 0, 3], np.int64)] + repeated[1:] if change else repeated
        stored = []
        for array in arrays:
            file = io.BytesIO()
            np.save(file, array)
            stored.append(file.getvalue())
        of_kinds("npz_members", name, b"\xff\x00\xff".join(stored), [0, 1])
    of_kinds("npz", "wide_records", wide_zip({"x.npy": members[4]}), [0])
    floats = np.arange(12, dtype="<f4").reshape(2, 6) / 8
    seed("embeddings", "word2vec", b"2 6\nfox " + floats[0].tobytes() + b"\nx " + floats[1].tobytes() + b"\n")
    for name in ["subwords.vec", "subwords.bin", "labelled.bin", "wholewords.bin"]:
        content = open(f"{ORACLES}/Fixtures/embeddings/{name}", "rb").read()
        if name.endswith(".vec"):
            seed("embeddings", "vec", content)
            seed("embeddings", "glove", content.split(b"\n", 1)[1])
        else:
            seed("fasttext_model", name, content[4:])


# The newest format that HDF5 1.10, which this program is linked with, reads: with "latest", newer libraries write chunked datasets that it
# refuses.
NEWEST = ("v110", "v110")


def hdf5():
    starts, columns, values = np.array([0, 1, 3]), np.array([0, 2, 1], np.int32), np.array([1, 2, 3], np.float32)

    def matrix(group, ours):
        for name, array in [("indptr", starts), ("indices", columns), ("data", values)]:
            group.create_dataset(name, data=array, chunks=array.shape if ours else None, fletcher32=ours or None)
        group.attrs["shape"] = np.array([2, 4])
        if ours:
            crc = 0
            for array in [starts, columns, values]:
                crc = zlib.crc32(array.tobytes(), crc)
            group.attrs["checksum"] = np.bytes_(f"{crc:08x}")

    def written(build, **options):
        stream = io.BytesIO()
        with h5py.File(stream, "w", **options) as file:
            build(file)
        return stream.getvalue()

    def parts(file):
        file.attrs["format"] = np.bytes_("deepxml-dist scores 1")
        file.attrs["parts"] = np.bytes_("clf,knn")
        for name in ["clf", "knn"]:
            matrix(file.create_group(name), True)

    def scores(file):
        file.attrs["format"] = np.bytes_("deepxml-dist scores 1")
        matrix(file, True)

    for target in ["scores_h5", "hdf5"]:
        seed(target, "foreign", written(lambda file: matrix(file, False), libver=NEWEST))
        seed(target, "scores", written(scores, libver=NEWEST))
    seed("scores_h5", "parts", written(parts, libver=NEWEST))

    def types(file):
        for name in ["<f4", "<f8", "<i4", "<i8", "|u1", "<u8", "<i2"]:
            file.create_dataset(f"group/{name[1:]}", data=np.arange(6).reshape(2, 3).astype(name))
        file.create_dataset("packed", data=np.zeros(64, "<f4"), chunks=(32,), compression="gzip", shuffle=True)
        file.create_dataset("deep", data=np.zeros((2, 2, 2)))
        for name, value in {"text": np.bytes_("a"), "one": 7, "some": [1, 2, 3], "real": 0.5, "reals": [0.5, 1.5]}.items():
            file.attrs[name] = value

    def leading_out(file):
        file["soft"] = h5py.SoftLink("/here")
        file["external"] = h5py.ExternalLink("other.h5", "/there")
        file.create_dataset("here", data=starts)

    def elsewhere(file):
        file.create_dataset("raw", (2,), "<i4", external=[("raw.bin", 0, 8)])

    def foreign(indptr, indices, data, shape=(2, 4)):
        def build(file):
            for name, array in [("indptr", indptr), ("indices", indices), ("data", data)]:
                if array is not None:
                    file.create_dataset(name, data=array)
            file.attrs["shape"] = np.array(shape)
        return build

    for name, build in [("types", types), ("links", leading_out), ("elsewhere", elsewhere),
                        ("lzf", lambda file: file.create_dataset("x", data=starts, chunks=(3,), compression="lzf"))]:
        seed("hdf5", name, written(build, libver=NEWEST))
    for name, build in [("narrow", foreign(starts.astype("<i4"), columns.astype("<i8"), values.astype("<f8"))),
                        ("binary", foreign(starts, columns, None)), ("lacking", foreign(starts, None, values)),
                        ("texts", foreign(starts.astype("<f4"), columns, values)), ("halves", foreign(starts, columns, values.astype("<i4"))),
                        ("flat", foreign(starts, columns, values, (2,)))]:
        seed("scores_h5", name, written(build, libver=NEWEST))


def wide_zip(members):
    """An archive with the 64-bit records that others write only where there is no other way."""
    import zipfile
    limits = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 1, 0
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content)
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits
    return stream.getvalue()


def constant(path, pattern):
    import re
    return re.search(pattern, open(f"{ROOT}/{path}").read()).group(1)


RULE = constant("Sources/Prepare/Text/Tokenizer.swift", r'static let rule = "([^"]*)"')
MARK = "#"

if __name__ == "__main__":
    if len(sys.argv) > 1:
        MARK = sys.argv[1]
    texts()
    encoders()
    models()
    configs()
    binaries()
    hdf5()
