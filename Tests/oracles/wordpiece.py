#!/usr/bin/env python3
"""Word pieces as Hugging Face's `tokenizers` cuts them. Needs `pip install tokenizers transformers 'safetensors>=0.8' numpy`.

wordpiece.py fixture         writes Tests/oracles/wordpiece: a small vocabulary, lines of many scripts with their pieces, a digest of all
                             characters, and a small safetensors file
wordpiece.py check PROGRAM FOLDER [LINES]
                             has PROGRAM (deepxml-dist) prepare LINES (10,000) lines with the model in FOLDER, and compares every piece
                             with those of transformers.AutoTokenizer; also with vocab.txt alone, and with other settings
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wordpiece")
BLOCKS = {
    "latin": [(0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x17F), (0x180, 0x24F), (0x1E00, 0x1EFF)], "greek": [(0x370, 0x3FF), (0x1F00, 0x1FFF)],
    "cyrillic": [(0x400, 0x52F)], "armenian": [(0x531, 0x58F)], "hebrew": [(0x590, 0x5F4)], "arabic": [(0x600, 0x6FF), (0x750, 0x77F)],
    "devanagari": [(0x900, 0x97F)], "bengali": [(0x980, 0x9FE)], "tamil": [(0xB82, 0xBFA)], "thai": [(0xE01, 0xE5B)],
    "tibetan": [(0xF00, 0xFDA)], "georgian": [(0x10A0, 0x10FF), (0x1C90, 0x1CBF)], "jamo": [(0x1100, 0x11FF)], "hangul": [(0xAC00, 0xD7A3)],
    "kana": [(0x3041, 0x30FF)], "chinese": [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2B700, 0x2CEAF)],
    "marks": [(0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20F0), (0x302A, 0x302F), (0xFE20, 0xFE2F)],
    "punctuation": [(0x2010, 0x205E), (0x3000, 0x303F), (0xFE10, 0xFE6B), (0xFF01, 0xFF65)], "symbols": [(0x20A0, 0x20BF), (0x2100, 0x23FF)],
    "emoji": [(0x1F300, 0x1F64F), (0x1F900, 0x1F9FF), (0x1F1E6, 0x1F1FF)], "mathematics": [(0x1D400, 0x1D7FF)],
    "music": [(0x1D158, 0x1D172)], "fullwidth": [(0xFF01, 0xFFEE)], "controls": [(0, 0x1F), (0x7F, 0x9F), (0x200B, 0x200F), (0x202A, 0x202E)],
    "private": [(0xE000, 0xE010), (0xF0000, 0xF0010)], "anything": [(0, 0xD7FF), (0xE000, 0x323AF), (0xE0000, 0xE01EF)],
}
ENGLISH = """the of and a to in is that for on with as by this an are from which it or be was not can used of any genus having people person
someone small large plant animal body part made act state quality unit family North American European usually especially tree bird fish
don't it's 3.14 1,000 e-mail co-operate U.S.A. naïve café résumé Zürich İstanbul straße ﬁne Ǆungla ſaint Ångström K""".split()
SPECIAL = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[sep]", "[CLS", "[[SEP]]", "[unused1]", "##ing", "x[SEP]y", "[MASK][MASK]"]
SPACES = [" ", " ", " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2028", "\u2003", "\u0085", "\u200b", ""]


def characters(script):
    return [c for first, last in BLOCKS[script] for c in range(first, last + 1) if not 0xD800 <= c < 0xE000]


def lines(count, seed):
    """Lines of one script, or of several."""
    dice = random.Random(seed)
    pools = {name: characters(name) for name in BLOCKS}

    def word(script):
        pool = pools[script]
        length = dice.choice([1, 2, 3, 4, 5, 6, 8, 12]) if dice.random() > 0.01 else dice.randint(90, 130)
        letters = [chr(dice.choice(pool)) for _ in range(length)]
        if dice.random() < 0.15:
            letters.insert(dice.randrange(len(letters) + 1), "".join(chr(dice.choice(pools["marks"])) for _ in range(dice.randint(1, 4))))
        return "".join(letters)

    made = []
    for number in range(count):
        scripts = dice.sample(sorted(BLOCKS), dice.choice([1, 1, 2, 4]))
        words = []
        for _ in range(dice.choice([0, 1, 3, 8, 20, 60])):
            kind = dice.random()
            words.append(dice.choice(ENGLISH) if kind < 0.4 else dice.choice(SPECIAL) if kind < 0.45 else word(dice.choice(scripts)))
            words.append(dice.choice(SPACES))
        made.append("".join(words))
    return made


def rules():
    """Name → settings of BertNormalizer."""
    return {
        "uncased": dict(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True),
        "cased": dict(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=False),
        "accents": dict(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=True),
        "raw": dict(clean_text=False, handle_chinese_chars=True, strip_accents=True, lowercase=False),
    }


def small_tokenizer(texts):
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(**rules()["uncased"])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(
        vocab_size=1500, limit_alphabet=700, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def digests(rule):
    """Of each 4,096 characters: the CRC of the words that `aCb` is cut into, for planes 0, 1, 2 and 14."""
    from tokenizers import normalizers, pre_tokenizers
    normalizer, cutter = normalizers.BertNormalizer(**rule), pre_tokenizers.BertPreTokenizer()
    found = {}
    for plane in (0, 1, 2, 14):
        for block in range(plane << 16, (plane + 1) << 16, 4096):
            crc = 0
            for code in range(block, block + 4096):
                if not 0xD800 <= code < 0xE000:
                    words = [word for word, _ in cutter.pre_tokenize_str(normalizer.normalize_str(f"a{chr(code)}b"))]
                    crc = zlib.crc32(("\x1f".join(words) + "\x1e").encode(), crc)
            found[f"{block:x}"] = f"{crc:08x}"
    return found


def fixture():
    from tokenizers import Tokenizer, normalizers
    os.makedirs(HERE, exist_ok=True)
    texts = lines(240, seed=11)
    # Training gives another vocabulary each time: so the one that is there stays.
    if not os.path.exists(f"{HERE}/tokenizer.json"):
        with open(f"{HERE}/tokenizer.json", "w") as file:
            file.write(small_tokenizer(texts).to_str() + "\n")
    tokenizer = Tokenizer.from_file(f"{HERE}/tokenizer.json")
    expected = {}
    for name, rule in rules().items():
        tokenizer.normalizer = normalizers.BertNormalizer(**rule)
        expected[name] = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    tokenizer.normalizer = normalizers.BertNormalizer(**rules()["uncased"])
    tokenizer.enable_truncation(16)
    expected["cut"] = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    with open(f"{HERE}/lines.json", "w") as file:
        characters = {name: digests(rule) for name, rule in rules().items()}
        json.dump({"lines": texts, "rules": rules(), "ids": expected, "characters": characters}, file)
        file.write("\n")
    tensors()


def tensors():
    """Arrays of each type that is read, and of one that is not."""
    import numpy as np
    from safetensors import TensorSpec, serialize_file
    floats = np.array([[0.0, 1.5, -2.25], [3.140625, -65504.0, 6.103515625e-05]], np.float32)
    brain = (floats.view(np.uint32) >> 16).astype(np.uint16)
    arrays = {
        "single": ("float32", [2, 3], floats), "half": ("float16", [2, 3], floats.astype(np.float16)), "brain": ("bfloat16", [2, 3], brain),
        "vector": ("float32", [6], floats), "scalar": ("float32", [], floats[1:, :1]), "cube": ("float32", [2, 1, 3], floats),
        "empty": ("float32", [0, 3], floats[:0]), "ids": ("int64", [2], np.arange(2)),
        "not finite": ("float32", [1], np.full(1, np.nan, np.float32)),
    }
    specs = {name: TensorSpec(dtype=kind, shape=shape, data_ptr=data.ctypes.data, data_len=data.nbytes)
             for name, (kind, shape, data) in arrays.items()}
    serialize_file(specs, f"{HERE}/small.safetensors", {"format": "pt"})


def prepared(program, folder, texts, work):
    """The rows of pieces that the program makes of the texts."""
    import numpy as np
    with open(f"{work}/texts.jsonl", "w") as file:
        for text in texts:
            file.write(json.dumps({"text": text, "labels": ["x"]}) + "\n")
    subprocess.run([program, "prepare", "--train", f"{work}/texts.jsonl", "--test", f"{work}/texts.jsonl", "--name", "Pieces", "--data", work,
                    "--pretrained", folder, "--max-tokens", "512", "--embeddings", "none", "--min-count", "1", "--min-label-count", "1",
                    "--force", "--quiet"], check=True)
    stored = np.load(f"{work}/Pieces/trn_X_seq.npz")
    ends = stored["indptr"]
    return [stored["indices"][ends[row]:ends[row + 1]].tolist() for row in range(len(texts))]


def variants(folder, work):
    """The folder as it is, with vocab.txt alone, and with other settings."""
    yield "as it is", folder
    def copy(name, without=(), **settings):
        to = f"{work}/{name}"
        os.makedirs(to)
        for file in ("config.json", "vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
            if file not in without and os.path.exists(f"{folder}/{file}"):
                shutil.copy(f"{folder}/{file}", to)
        with open(f"{to}/tokenizer_config.json") as file:
            config = json.load(file)
        config.update(settings)
        with open(f"{to}/tokenizer_config.json", "w") as file:
            json.dump(config, file)
        return to
    yield "vocab.txt alone", copy("vocabulary", without=["tokenizer.json"])
    yield "cased", copy("cased", do_lower_case=False)
    yield "accents kept, Chinese not cut", copy("accents", strip_accents=False, tokenize_chinese_chars=False)


def check(program, folder, count):
    from transformers import AutoTokenizer
    texts = lines(count, seed=5)
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        for name, variant in variants(os.path.abspath(folder), work):
            tokenizer = AutoTokenizer.from_pretrained(variant)
            wanted = tokenizer(texts, truncation=True, max_length=512, padding=False)["input_ids"]
            found = prepared(program, variant, texts, work)
            wrong = [row for row in range(count) if wanted[row] != found[row]]
            failed += len(wrong)
            print(f"{name}: {count} lines, {sum(map(len, wanted))} pieces, {len(wrong)} lines differ")
            for row in wrong[:3]:
                print(f"  {texts[row]!r}\n    {tokenizer.convert_ids_to_tokens(wanted[row])}\n    {tokenizer.convert_ids_to_tokens(found[row])}")
    return failed == 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["fixture"]:
        fixture()
    elif sys.argv[1:2] == ["check"] and len(sys.argv) in (4, 5):
        sys.exit(0 if check(sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) == 5 else 10_000) else 1)
    else:
        sys.exit(__doc__)
