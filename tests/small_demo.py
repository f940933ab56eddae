"""`python -m tests.small_demo DIR`: the demo with few people and pictures, in a process that a test can kill.

All is real but the tuning, which takes minutes and comes after the release: the shipped model stands in.
Prints the demo's JSON line.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from stumper import demo, rounds
from stumper.config import load
from stumper.evaluate import closing
from stumper.tune import TINY, TuneResult

PLAYERS, PICTURES, SEED = 10, 110, 4  # fewer people would not trust each other enough to decide anything


def not_tuned(_release: Path, *, target: Path, **_: Any) -> rounds.Tuned:
    run = TuneResult(folder=target, pairs=0, replayed=0, steps=0, loss=0.0, seconds=0.0)
    return rounds.Tuned("onnx:", TINY, run)


def main(folder: Path) -> None:
    demo._LEAST_PICTURES = PICTURES
    closing.known_items = partial(closing.known_items, n=2)
    closing.withheld_items = partial(closing.withheld_items, n=2)
    rounds.tune_on = not_tuned
    rounds._machine = lambda: "this one"  # without importing torch
    settings = load(data=folder, campaign="toytown", model="onnx:")
    line = demo.run_demo(settings, players=PLAYERS, mix="benign", seed=SEED, console=Console(stderr=True))
    sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
