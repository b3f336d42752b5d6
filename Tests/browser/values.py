"""values.py DOM RESULTS: whether the charts of a page, as a browser has it, say what metrics.json and the learners' events do.

Prints nothing where they do, else what differs, last.
"""
import json
import os
import sys
from html.parser import HTMLParser


class Charts(HTMLParser):
    """Every element with data-… attributes, the section that it stands in, and the text of its title."""

    def __init__(self):
        super().__init__()
        self.section, self.found, self.open = None, [], None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "section":
            self.section = attributes["id"]
        data = {name[5:]: value for name, value in attributes.items() if name.startswith("data-")}
        if data:
            self.found.append((self.section, tag, data, []))
        self.open = tag

    def handle_data(self, text):
        if self.open == "title" and self.found:
            self.found[-1][3].append(text)


def main(dom, results):
    page = Charts()
    page.feed(open(dom, encoding="utf-8").read())
    metrics = json.load(open(os.path.join(results, "metrics.json")))
    systems = {f"seed {learner['seed']}": learner["metrics"] for learner in metrics["learners"]}
    systems["ensemble"] = metrics["ensemble"]["metrics"]
    checked = 0

    dots = [(data, title) for section, _, data, title in page.found if section == "metrics" and "metric" in data]
    seen = set()
    for data, _ in dots:
        family, rank = data["metric"].split("@")
        value = systems[data["series"]][family][int(rank) - 1]
        assert float(data["value"]) == value, f"{data}, not {value}"
        assert float(data["low"]) <= value <= float(data["high"]), f"{data}: the interval is elsewhere"
        seen.add((data["series"], data["metric"]))
        checked += 1
    for system in systems:
        for metric in ["P@1", "P@3", "P@5", "nDCG@3", "nDCG@5", "PSP@1", "PSP@3", "PSP@5"]:
            assert (system, metric) in seen, f"no dot of {system} {metric}"

    for learner in metrics["learners"]:
        name = f"seed {learner['seed']}"
        own = [data for section, tag, data, _ in page.found if section == "beta" and tag == "circle" and data["series"] == name]
        for beta, table in learner["by_beta"].items():
            values = {float(data["y"]) for data in own if float(data["x"]) == float(beta)}
            for value in [table["P"][0], table["P"][4], table["nDCG"][4], table["PSP"][4]]:
                assert value in values, f"{name}, β {beta}: no {value} in {sorted(values)}"
                checked += 1
        events = [json.loads(line) for line in open(f"{results.rstrip('/')}_{learner['seed']}/events.jsonl")]
        points = {(data["series"], float(data["x"]), float(data["y"])) for section, tag, data, _ in page.found if section == "loss" and tag == "circle"}
        for event in events:
            if event["event"] == "epoch":
                assert (name, event["epoch"], event["loss"]) in points, f"no point of {event}"
                assert (name, event["epoch"], event["learning_rate"]) in points, f"no rate of {event}"
                checked += 2
    assert checked > 20, f"only {checked} values were there to compare"


try:
    main(*sys.argv[1:])
except (AssertionError, KeyError, OSError, ValueError) as error:
    sys.exit(f"{type(error).__name__} {error}")
