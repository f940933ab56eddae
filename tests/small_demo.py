"""`python -m tests.small_demo DIR [ROUNDS]`: the demo with few people and pictures, in a process that a test
can kill.

All is real but the tuning, which takes minutes and comes after the release: the shipped model stands in under
another name and passes the gate, so that each round has another opponent.
Prints the demo's JSON lines.
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
from stumper.evaluate.gate import Gate
from stumper.tune import TINY, TuneResult
from stumper.vlm.onnx import SHIPPED

PLAYERS, PICTURES, SEED = 10, 110, 4  # fewer people would not trust each other enough to decide anything


def copied(_release: Path, *, target: Path, **_: Any) -> rounds.Tuned:
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(SHIPPED)
    run = TuneResult(folder=target, pairs=0, replayed=0, steps=0, loss=0.0, seconds=0.0)
    return rounds.Tuned(f"onnx:{target}", TINY, run)


def main(folder: Path, number: int) -> None:
    demo._LEAST_PICTURES = PICTURES
    closing.known_items = partial(closing.known_items, n=2)
    closing.withheld_items = partial(closing.withheld_items, n=2)
    rounds.closing.tune_on = copied
    rounds.closing.Gate = rounds.work.Gate = partial(Gate, least_gain=-1.0)
    rounds.tuning._machine = lambda: "this one"  # without importing torch
    settings = load(data=folder, campaign="toytown", model="onnx:")
    lines = demo.run_demo(
        settings, players=PLAYERS, mix="benign", seed=SEED, rounds=number, console=Console(stderr=True)
    )
    sys.stdout.writelines(json.dumps(line) + "\n" for line in lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int([*sys.argv, "1"][2]))
