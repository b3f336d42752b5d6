"""gen.py FOLDER DOCS TESTS: a learnable set of 100 tokens and 20 labels, standard library only."""
import os
import random
import sys

folder, documents, tests = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(7)
os.makedirs(folder, exist_ok=True)


def write(stem, count):
    with open(f"{folder}/{stem}_X_Xf.txt", "w") as features, open(f"{folder}/{stem}_X_Y.txt", "w") as truth:
        features.write(f"{count} 100\n")
        truth.write(f"{count} 20\n")
        for _ in range(count):
            labels = sorted(draw.sample(range(20), draw.randint(1, 3)))
            x = {(label * 5 + t): 1 + round(draw.random(), 2) for label in labels for t in range(3)}
            for _ in range(2):
                x[draw.randrange(100)] = 1
            features.write(" ".join(f"{c}:{x[c]}" for c in sorted(x)) + "\n")
            truth.write(" ".join(f"{label}:1" for label in labels) + "\n")


write("trn", documents)
write("tst", tests)
