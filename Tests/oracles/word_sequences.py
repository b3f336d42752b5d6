#!/usr/bin/env python3
"""word_sequences.py PREPARED REFERENCE OUT: writes the token sequences of PREPARED, a data set that `prepare` made of the texts of REFERENCE,
with the token numbers of REFERENCE's vocabulary, into OUT, beside links to REFERENCE's files.

docs/ACCURACY.md compares encoders of word order with bags of words on WordNetSmall, whose features and labels were made before sequences
were known. Needs numpy.
"""
import pathlib
import sys

import numpy as np

prepared, reference, out = map(pathlib.Path, sys.argv[1:])
words = {name: (folder / "vocabulary.txt").read_text().rstrip("\n").split("\n") for name, folder in
         [("prepared", prepared), ("reference", reference)]}
number = {word: i for i, word in enumerate(words["reference"])}
renumber = np.array([number[word] for word in words["prepared"]], dtype=np.int32)
out.mkdir(parents=True, exist_ok=True)
for part in ["trn", "tst"]:
    arrays = dict(np.load(prepared / f"{part}_X_seq.npz"))
    arrays["indices"] = renumber[arrays["indices"]]
    arrays["shape"] = np.array([arrays["shape"][0], len(words["reference"])])
    np.savez(out / f"{part}_X_seq.npz", **arrays)
for file in reference.resolve().iterdir():
    if not (out / file.name).exists():
        (out / file.name).symlink_to(file)
