#!/usr/bin/env python3
"""TensorBoard's own reader on our event files: every scalar of events.jsonl must come out as it was written.

    python3 -m venv /tmp/deepxml-board && /tmp/deepxml-board/bin/pip install tensorboard setuptools
    /tmp/deepxml-board/bin/python Tests/oracles/tensorboard_events.py golden                 the file that ReportsTests compares byte for byte
    /tmp/deepxml-board/bin/python Tests/oracles/tensorboard_events.py run DIR EVENTS.jsonl   a learner's folder of --tensorboard, and its events

Prints `ok …` or what differs, and ends with 1 then.
"""
import json
import os
import sys

import numpy as np
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

HERE = os.path.dirname(os.path.abspath(__file__))


def scalars(path):
    """[(tag, step, time, value)] of one file."""
    found, versions = [], []
    for event in EventFileLoader(path).Load():
        if event.file_version:
            versions.append(event.file_version)
        for value in event.summary.value:
            # The loader turns simple_value into a tensor.
            number = value.tensor.float_val[0] if value.HasField("tensor") else value.simple_value
            found.append((value.tag, event.step, event.wall_time, number))
    assert versions == ["brain.Event:2"], versions
    return found


def wanted(event):
    """The tags and values of an event, by docs/REPORTS.md."""
    if "module" in event:
        for name in ["loss", "learning_rate", "docs_per_second", "seconds", "waited_seconds", "resident_mib"]:
            if name in event:
                yield f"{event['module']}/{name}", event[name]
        if event["event"] == "part":
            yield f"{event['module']}/done", event["epoch"] / event["epochs"]
        for name, value in sorted(event.get("validation", {}).items()):
            yield f"{event['module']}/validation/{name}", value
    for module, seconds in sorted(event.get("module_seconds", {}).items()):
        yield f"rank_{event['rank']}/{module}_seconds", seconds
    if "peak_mib" in event:
        yield f"rank_{event['rank']}/peak_mib", event["peak_mib"]
    for name, values in sorted(event.get("metrics", {}).items()):
        for at, value in enumerate(values):
            yield f"metrics/{name}@{at + 1}", value


def check_run(folder, events):
    found = [(tag, step, np.float32(value)) for name in sorted(os.listdir(folder)) for tag, step, _, value in scalars(os.path.join(folder, name))]
    expected = [(tag, event.get("epoch", 0), np.float32(value)) for event in map(json.loads, open(events)) for tag, value in wanted(event)]
    for ours, theirs in zip(expected, found):
        if ours != theirs:
            sys.exit(f"FAILED written {ours}, read {theirs}")
    if len(found) != len(expected) or not found:
        sys.exit(f"FAILED {len(expected)} scalars written, {len(found)} read")
    print(f"ok {len(found)} scalars of {folder}")


def check_golden():
    found = scalars(os.path.join(HERE, "events.out.tfevents"))
    losses = [(step, time, value) for tag, step, time, value in found if tag == "extreme/loss"]
    # Tests/ReportsTests/Samples.swift: epochs 1, 2, then 2 again, 3, 4, each that many seconds after noon.
    noon = 1795608000
    expected = [(step, noon + step, np.float32(loss)) for step, loss in [(1, 0.5), (2, 0.25), (2, 0.125), (3, 0.2), (4, 0.1)]]
    if losses != expected:
        sys.exit(f"FAILED loss {losses}, not {expected}")
    peaks = [value for tag, _, _, value in found if tag == "rank_1/peak_mib"]
    if peaks != [102, 103]:
        sys.exit(f"FAILED peaks {peaks}")
    print(f"ok {len(found)} scalars of the golden file")


if sys.argv[1:] == ["golden"]:
    check_golden()
elif len(sys.argv) == 4 and sys.argv[1] == "run":
    check_run(sys.argv[2], sys.argv[3])
else:
    sys.exit(__doc__)
