"""Small trained models of every framework, and of each the files and commands by which strangers' numbers get in."""
import glob
import json
import os
import random
import shutil
import subprocess

PROGRAM = os.environ.get("DEEPXML_DIST", ".build/release/deepxml-dist")
LAYERS = {"transform_coarse": {"order": ["astec", "linear", "relu"], "astec": {"reduction": "mean"}, "relu": {},
                               "linear": {"input_size": 16, "output_size": 12}},
          "transform_fine": {"order": ["linear"], "linear": {"input_size": 12, "output_size": 15}}}
NETWORK = ["--set", "global.embedding_dims=16", "--set", "extreme.num_epochs=2", "--set", "extreme.init=random"]
TWO = ["--set", "surrogate.init=random", "--set", "surrogate.num_epochs=2", "--set", "reranker.init=random", "--set",
       "reranker.num_epochs=2", "--set", "global.embedding_dims=16", "--set", "extreme.num_epochs=2"]
# Name: framework, options, and how the model is compressed, where it is.
MODELS = {
    "DeepXML": ("DeepXML", TWO, None), "ANNS": ("DeepXML-ANNS", NETWORK, None), "OVA": ("DeepXML-OVA", NETWORK, None),
    "layers": ("DeepXML-OVA", NETWORK + ["--arch", "{folder}/layers.json"], None),
    "Slice": ("Slice", ["--set", "slice.init=random", "--set", "global.embedding_dims=16"], None),
    "graphs": ("Slice", ["--set", "slice.init=random", "--set", "global.embedding_dims=16", "--set", "slice.M=2", "--set",
                         "slice.efC=1", "--set", "slice.efS=16"], None),
    "SparseSlice": ("SparseSlice", [], None), "DiSMEC": ("DiSMEC", [], None),
    "OVA-int8": ("OVA", [], "int8"), "OVA-bfloat16": ("OVA", [], "bfloat16"), "Slice-int8": ("Slice", [], "int8"),
    "SparseSlice-int8": ("SparseSlice", [], "int8"), "SparseSlice-bfloat16": ("SparseSlice", [], "bfloat16"),
    "DiSMEC-int8": ("DiSMEC", [], "int8"), "ANNS-int8": ("ANNS", [], "int8"),
}


def call(*arguments, timeout=60):
    """Exit code (negative: a signal) and what was said."""
    try:
        done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return -99, f"no end within {timeout} s"
    return done.returncode, (done.stderr + done.stdout).decode(errors="replace")


def data(folder, labels=40, tokens=120, documents=240):
    """A learnable data set; some labels have no training document."""
    draw = random.Random(7)
    os.makedirs(folder, exist_ok=True)
    for stem, count, most in [("trn", documents, labels - 4), ("tst", 25, labels)]:
        rows = [sorted(draw.sample(range(most), draw.randint(1, 3))) for _ in range(count)]
        with open(f"{folder}/{stem}_X_Y.txt", "w") as file:
            file.write(f"{count} {labels}\n" + "".join(" ".join(f"{label}:1" for label in row) + "\n" for row in rows))
        with open(f"{folder}/{stem}_X_Xf.txt", "w") as file:
            file.write(f"{count} {tokens}\n")
            for row in rows:
                x = {(label * 3 + t) % tokens: 1 + round(draw.random(), 2) for label in row for t in range(3)}
                x.update({draw.randrange(tokens): 1 for _ in range(2)})
                file.write(" ".join(f"{c}:{x[c]}" for c in sorted(x)) + "\n")


def train(folder, name):
    """The folder of a model, trained or compressed now."""
    framework, options, precision = MODELS[name]
    if precision:
        made = f"{folder}/{name}"
        code, said = call("compress", train(folder, framework), "--to", made, "--precision", precision, "--quiet")
    else:
        data(f"{folder}/data/Tiny")
        with open(f"{folder}/layers.json", "w") as file:
            json.dump(LAYERS, file)
        found = glob.glob(f"{folder}/{name}/models/*/*/Tiny/v_0_1")
        if found:
            return found[0]
        code, said = call(
            "--framework", framework, "--work", f"{folder}/{name}", "--data", f"{folder}/data", "--dataset", "Tiny", "--seeds",
            "1", "--threads", "1", "--quiet", "--configs", "configs", *[o.replace("{folder}", folder) for o in options], timeout=600)
        made = (glob.glob(f"{folder}/{name}/models/*/*/Tiny/v_0_1") or [""])[0]
    if code or not os.path.exists(made):
        raise SystemExit(f"{name} cannot be made: {said}")
    return made


def copy(model, to):
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(model, to)
    return to


def commands(model, folder, name):
    """What is run on a changed model."""
    features, output = f"{folder}/data/Tiny/tst_X_Xf.txt", f"{folder}/out"
    predict = ["predict", model, "--features", features, "--to", f"{output}.txt", "--threads", "2", "--device", "cpu", "--quiet"]
    inspect = ["inspect", model, "--verify", "--json"]
    weights = ["extract", model, "--what", "classifier-weights", "--to", f"{output}.npz", "--threads", "1", "--quiet"]
    vectors = ["encode", model, "--features", features, "--to", f"{output}.npy", "--threads", "1", "--quiet"]
    return {"predict": predict, "alone": predict + ["--no-serving-file"], "inspect": inspect, "extract": weights,
            "encode": vectors}
