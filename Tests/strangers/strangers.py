"""Changes numbers in models' files, with every checksum made anew, and runs the program on them.

strangers.py FOLDER [MODEL…]: each run must end with 0 (the number is one that the file may hold), or with 2 or 3 and a message that names
the file; never by a signal, with 1, or after a minute. Tests/strangers/run calls it; a line of each fault is printed, and the exit code
is 1 where there is one. Beside it, docs/RELIABILITY-checks.md.
"""
import os
import resource
import sys

import numpy as np

import files
import models

LARGEST = {np.dtype(t): np.iinfo(t).max for t in (np.int32, np.int64, np.uint8, np.int8, np.uint64, np.uint16)}


def changes(dtype, count):
    """What is done to an array: name -> a function that changes it in place."""
    def put(at, value):
        def change(array):
            array[at] = value
        return change

    def fall(array):
        array[:] = array[::-1].copy()

    def ramp(array):
        array[1:-1] = array[-1] + 1

    if count == 0:
        return {}
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return {"all NaN": lambda a: a.fill(np.nan), "all infinite": lambda a: a.fill(np.inf), "all huge": lambda a: a.fill(3e38),
                "one NaN": put(count // 2, np.nan), "all -huge": lambda a: a.fill(-3e38)}
    if dtype.itemsize < 4:
        found = {"all ones": lambda a: a.fill(LARGEST[dtype]), "zeros": lambda a: a.fill(0)}
        for at in sorted({0, 1, count // 3, count // 2, count - 2, count - 1} & set(range(count))):
            found[f"[{at}] 255"] = put(at, LARGEST[dtype])
            found[f"[{at}] 0"] = put(at, 0)
        return found
    found = {"reversed": fall}
    if count > 3:
        found["beyond the end"] = ramp
    for at in sorted({0, count // 2, count - 1}):
        for value in (-1, 0, 1, count, count + 1, 1000, LARGEST[dtype], -LARGEST[dtype] - 1):
            found[f"[{at}] {value}"] = put(at, value)
    if dtype.itemsize == 8:
        for value in (2**31, 2**32 + 1, 2**61, 2**62):
            found[f"[{count // 2}] {value}"] = put(count // 2, value)
    return found


WORDS = [0, 1, 2**20, 2**31, 2**32, 2**48, 2**62, 2**63 - 1, 2**63, 2**64 - 1]


class Trial:
    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.model = models.train(folder, name)
        self.changed = f"{folder}/changed"
        models.copy(self.model, self.changed)
        self.commands = models.commands(self.changed, folder, name)
        code, said = models.call(*self.commands["predict"])
        if code:
            raise SystemExit(f"{name}: the model itself does not predict: {said}")
        # With the file that the first prediction makes.
        self.whole = models.copy(self.changed, f"{folder}/whole")
        self.runs = self.refused = self.met = 0
        self.faults = []

    def skips(self):
        """All changes but one of STRANGERS_STEP."""
        self.met += 1
        return self.met % int(os.environ.get("STRANGERS_STEP", "1")) != 0

    def fresh(self, serving=True):
        models.copy(self.whole, self.changed)
        if not serving and os.path.exists(f"{self.changed}/serving.dxa") and self.has_checkpoints():
            os.remove(f"{self.changed}/serving.dxa")

    def has_checkpoints(self):
        return any(name.startswith("ckpt_") for name in os.listdir(self.whole))

    def run(self, what, place, commands):
        for command in commands:
            code, said = models.call(*self.commands[command])
            self.runs += 1
            self.refused += code in (2, 3)
            sound = code in (0, 2, 3) and (code == 0 or command == "inspect" or place in said)
            # A size that no memory has is refused by the system.
            sound |= code == 4 and "out of memory" in said
            if not sound:
                self.faults.append(f"{self.name}: {what}: {command} ended with {code}: {said.strip()[-300:]}")
                print(self.faults[-1], flush=True)

    def cache(self):
        def trial(what, change, commands):
            if self.skips():
                return
            self.fresh()
            cache = files.Cache(f"{self.changed}/training.xcd")
            change(cache)
            cache.save()
            self.run(f"training.xcd, {what}", "training.xcd", commands)
        whole = files.Cache(f"{self.whole}/training.xcd")
        for name, (dtype, _, count) in whole.arrays().items():
            for what, change in changes(dtype, count).items():
                trial(f"{name} {what}", lambda cache, name=name, change=change: change(cache.array(name)), ("predict", "inspect"))
        for at, word in list(enumerate(whole.words()))[2:]:
            for value in WORDS + [word + 1, word - 1, word + 64]:
                trial(f"word {at} {value}", lambda cache, at=at, value=value: cache.set_word(at, value), ("predict",))

    def serving(self):
        path = f"{self.changed}/serving.dxa"
        if not os.path.exists(f"{self.whole}/serving.dxa"):
            return
        whole = files.Mapped(f"{self.whole}/serving.dxa")
        for name, entry in whole.arrays().items():
            dtype = np.uint8 if entry["type"] == "bfloat16" else files.Mapped.TYPES[entry["type"]]
            for what, change in changes(dtype, whole.array(name).size).items():
                if self.skips():
                    continue
                self.fresh()
                mapped = files.Mapped(path)
                change(mapped.array(name).view(dtype))
                mapped.save()
                self.run(f"serving.dxa, {name} {what}", "serving.dxa", ("predict",))
        for place in list(files.integers(whole.description)):
            for value in [-1, 0, 1, 7, 64, 2**31, 2**32, 2**47, 2**62, 2**63 - 1]:
                if self.skips():
                    continue
                self.fresh()
                mapped = files.Mapped(path)
                files.replace(mapped.description, place, value)
                mapped.save()
                self.run(f"serving.dxa, {place} {value}", "serving.dxa", ("predict",))

    def checkpoints(self):
        for checkpoint in sorted(name for name in os.listdir(self.whole) if name.startswith("ckpt_")):
            whole = files.Checkpoint(f"{self.whole}/{checkpoint}")
            for (shard, name), dtype in whole.arrays().items():
                count = self.size(whole, name)
                for what, change in changes(dtype, count).items():
                    if self.skips():
                        continue
                    self.fresh(serving=False)
                    changed = files.Checkpoint(f"{self.changed}/{checkpoint}")
                    changed.change(shard, name, change)
                    changed.save()
                    # Sparse classifiers make no vectors.
                    commands = ("alone", "extract", "encode") if dtype.kind == "f" else ("alone", "predict", "extract")
                    if "classifiers" in checkpoint or "SparseSlice" in self.name:
                        commands = tuple(command for command in commands if command != "encode")
                    self.run(f"{checkpoint}, {name} {what}", "changed" if dtype.kind == "f" else checkpoint, commands)
            for place in [p for p in files.integers(whole.manifest) if "shards" in p]:
                for value in [-1, 0, 1, 7, 2**31, 2**32, 2**47, 2**62, 2**63 - 1]:
                    if self.skips():
                        continue
                    self.fresh(serving=False)
                    changed = files.Checkpoint(f"{self.changed}/{checkpoint}")
                    files.replace(changed.manifest, place, value)
                    changed.save()
                    self.run(f"{checkpoint}, manifest {place} {value}", "changed", ("alone", "extract", "inspect"))

    @staticmethod
    def size(checkpoint, name):
        shapes = [array["shape"] for shard in checkpoint.manifest["shards"] for array in shard["arrays"] if array["name"] == name]
        return int(np.prod(shapes[0])) if shapes else 0

    def description(self):
        whole = files.Description(f"{self.whole}/model.json")
        for start, end in whole.numbers():
            for value in (-1, 0, 1, 7, 1000, 65536, 1_000_000, 2**31 - 1, 2**31, 2**62, 2**63 - 1, 2**64):
                if self.skips():
                    continue
                self.fresh()
                key = whole.body[:start].rsplit('"', 2)[1]
                whole_text = whole.body[:start] + str(value) + whole.body[end:]
                files.Description(f"{self.changed}/model.json").save(whole_text)
                # The message may name the layer or the key.
                self.run(f"model.json, {key} {value}", "", ("predict", "extract"))


def main():
    folder, names = os.path.abspath(sys.argv[1]), sys.argv[2:] or list(models.MODELS)
    parts = os.environ.get("STRANGERS_PARTS", "cache,serving,checkpoints,description").split(",")
    faults = 0
    for name in names:
        trial = Trial(folder, name)
        for part in parts:
            getattr(trial, part)()
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(f"{name}: {trial.runs} runs, {trial.refused} refused, {len(trial.faults)} faults; {most} MiB at most so far", flush=True)
        faults += len(trial.faults)
    return 1 if faults else 0


sys.exit(main())
