"""python tests/tune/killed_run.py BASE RELEASE OUT STEP: tunes, and is killed after so many steps."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from pathlib import Path

from stumper.tune import tune
from tests.tune import small

RECIPE = small.recipe(most_steps=8, patience=1, epochs=6)
"""Trains embeddings, is watched, and steps back at the end: everything that a checkpoint must hold."""


def main() -> None:
    base, release, out, last = sys.argv[1:]

    def kill(done: int, _total: int) -> None:
        if done == int(last):
            os.kill(os.getpid(), signal.SIGKILL)

    tune(Path(base), Path(release), Path(out), recipe=RECIPE, seed=5, on_progress=kill)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
