#!/usr/bin/env python3
"""Lists every error of the program, from its sources: docs/ERRORS.md. With --check: fails where that file is not the list.

A `Failure(code, problem, …, advice: …)` is a row. What is only known when it happens stands as `…`.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.path.join(ROOT, "docs/ERRORS.md")
CODES = {".usage": 2, ".damagedCheckpoint": 3, ".outOfResources": 4, ".interrupted": 75}
AREAS = {
    "deepxml-dist": "The command line", "Coordinator": "Plan, run and results", "Config": "Configs and options",
    "Learners": "Learners", "Training": "Training", "Inference": "Trained models", "Worker": "Workers",
    "DeepXMLModel": "Encoders, classifiers, search", "Devices": "Devices", "Scoring": "Scores and metrics",
    "Reports": "Reports",
    "Datasets": "Data sets", "Prepare": "Preparing data", "Formats": "File formats", "Checkpoint": "Checkpoints, locks, HDF5",
    "Messages": "Between coordinator and workers", "Transport": "Transport", "Tools": "Tools",
    "Support": "Memory, files, threads",
}
HEAD = """# Errors

Every error that can end the program, extracted from its sources by `Tests/oracles/error_list.py` (`launch/lint` checks that the list is
up to date). An error is printed as `error: [rank R on HOST:] PLACE: PROBLEM`, followed by what was found, what was expected and what
to do; `…` stands for details that are only known when it happens. [OPERATIONS.md](OPERATIONS.md) explains exit codes and the main kinds of errors.
"""


def string_end(text, at):
    """Behind the string literal that begins at `at`, and its content with … for what is put in."""
    quote = '"""' if text.startswith('"""', at) else '"'
    at += len(quote)
    content = ""
    while not text.startswith(quote, at):
        if text.startswith("\\(", at):
            at = closed(text, at + 1)
            content += "…"
        elif text[at] == "\\":
            content += {"n": " ", "t": " "}.get(text[at + 1], text[at + 1])
            at += 2
        else:
            content += text[at]
            at += 1
    return at + len(quote), content


def closed(text, at):
    """Behind the bracket that closes the one at `at`."""
    depth = 0
    while True:
        if text[at] == '"':
            at, _ = string_end(text, at)
            continue
        if text.startswith("//", at):
            at = text.index("\n", at)
            continue
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            return at


def arguments(text):
    """The arguments of a call, without its brackets, each with its name or None."""
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] == '"':
            at, _ = string_end(text, at)
        elif text[at] in "([{":
            at = closed(text, at)
        elif text[at] == ",":
            parts.append(text[start:at])
            at += 1
            start = at
        else:
            at += 1
    parts.append(text[start:])
    return [re.match(r"\s*(?:(\w+):\s)?(.*)", part, re.S).groups() for part in parts]


def words(expression):
    """What an expression says: its literals put together, alternatives by a stroke; None where it holds none."""
    pieces, at, kinds = [], 0, re.sub(r'"(?:\\.|[^"\\])*"', '""', expression)
    while at < len(expression):
        if expression[at] == '"':
            at, content = string_end(expression, at)
            pieces.append(content)
        else:
            at += 1
    pieces = [piece for piece in pieces if piece]
    joint = " / " if " ? " in kinds or "??" in kinds or "return" in kinds else ""
    return re.sub(r"\s+", " ", joint.join(pieces)).strip() or None


def failures():
    for folder, _, names in sorted(os.walk(os.path.join(ROOT, "Sources"))):
        for name in sorted(names):
            if not name.endswith(".swift"):
                continue
            path = os.path.join(folder, name)
            text = open(path).read()
            for match in re.finditer(r"\bFailure\(\s*(?=\.|code\b)", text):
                found = arguments(text[match.start() + 8:closed(text, match.start() + 7) - 1])
                code = CODES.get(found[0][1].strip())
                problem = words(found[1][1]) if len(found) > 1 and found[1][0] is None else None
                advice = next((words(value) for key, value in found if key == "advice"), None)
                if problem:
                    yield os.path.relpath(path, ROOT).split(os.sep)[1], problem, code, advice


def listing():
    rows = {}
    for area, problem, code, advice in failures():
        place = rows.setdefault(area, {}).setdefault(problem, (set(), set()))
        place[0].add(str(code) if code else "2, 3 or 4")
        if advice:
            place[1].add(advice)
    text = HEAD
    cell = lambda words: words.replace("|", "\\|").replace("<", "&lt;")
    for area, title in AREAS.items():
        if area not in rows:
            continue
        text += f"\n## {title}\n\n| message | exit code | what to do |\n|---|---|---|\n"
        for problem, (codes, advice) in sorted(rows[area].items(), key=lambda row: row[0].lower()):
            todo = "; or: ".join(sorted(advice)) or "see what was found and expected"
            text += f"| {cell(problem)} | {', '.join(sorted(codes))} | {cell(todo)} |\n"
    assert set(rows) <= set(AREAS), set(rows) - set(AREAS)
    return text


if __name__ == "__main__":
    if "--check" in sys.argv:
        if not os.path.exists(TARGET) or open(TARGET).read() != listing():
            sys.exit("docs/ERRORS.md is not the list of errors: python3 Tests/oracles/error_list.py")
    else:
        open(TARGET, "w").write(listing())
