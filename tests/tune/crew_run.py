"""What two processes do in tests/tune/test_processes.py: the same runs alone and together, in one start.

Starting Python and importing the trainer takes ten times as long as a run, so all runs share two processes:
first each does half of the runs alone, then both do all of them together.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from stumper.errors import BadSetting
from stumper.tune import ALONE, Crew, Recipe, Strategy, lora, meeting, tune
from stumper.tune.recipes import RECIPES
from stumper.tune.resume import FOLDER, last_checkpoint, read_end
from tests.tune import small


class Case(NamedTuple):
    """One run: a random model, how it is tuned, and by which strategy together."""

    name: str
    base: str
    """A family of tests/tune/families.py, or toytown."""
    recipe: str
    settings: dict[str, Any]
    strategy: Strategy = Strategy.DDP
    breaks: bool = False
    """Together it is broken off in the second update, and started again."""


def compare(cases: list[Case], release: Path, folder: Path, libraries: list[str]) -> None:
    """Tunes alone and together; models lie in `folder` / alone or together / name."""
    sys.path[:0] = libraries
    warnings.simplefilter("ignore")
    from stumper.vlm.vision_ops import mend_torchvision

    mend_torchvision()
    from accelerate.utils import clear_environment
    from accelerate.utils.environment import get_cpu_distributed_information

    place = int(get_cpu_distributed_information().rank)
    bases = folder / f"base-{place}"
    for family in {case.base for case in cases}:
        _build(family, bases / family)
    with clear_environment():
        for case in cases[place::2]:
            _tune(case, bases, release, folder / "alone" / case.name, ALONE)
    first = cases[0].strategy if cases[0].strategy is Strategy.ZERO2 else Strategy.DDP
    with meeting(first) as crew:
        for case in cases:
            one, target = replace(crew, strategy=case.strategy), folder / "together" / case.name
            if case.breaks:
                _break(case, bases, release, target, one)
            _tune(case, bases, release, target, one)


def _build(family: str, target: Path) -> None:
    """Every process builds its own: the same random weights, and nobody waits."""
    from tests.tune.families import build

    if family == "toytown":
        small.base(target)
    else:
        build(family, target)


def _tune(case: Case, bases: Path, release: Path, target: Path, crew: Crew) -> None:
    recipe = replace(RECIPES[case.recipe], **case.settings)
    tune(bases / case.base, release, target, recipe=recipe, seed=3, crew=crew)


def _break(case: Case, bases: Path, release: Path, target: Path, crew: Crew) -> None:
    """Tunes until the first update is done; then every process is interrupted, at the same place."""
    from accelerate.state import AcceleratorState

    train = lora.train

    def interrupted(trainer: Any, checkpoint: Path | None, recipe: Recipe) -> Any:
        trainer.add_callback(_interrupting())
        return train(trainer, checkpoint, recipe)

    lora.train = interrupted
    try:
        with suppress(KeyboardInterrupt):
            _tune(case, bases, release, target, crew)
    finally:
        lora.train = train
    assert last_checkpoint(target / FOLDER, words=RECIPES[case.recipe].words)
    assert read_end(target / FOLDER) is None
    AcceleratorState._reset_state()  # DeepSpeed's can be made once in a process


def _interrupting() -> Any:
    from transformers import TrainerCallback

    class Interrupting(TrainerCallback):  # type: ignore[misc]  # untyped
        def on_step_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
            if state.global_step == 1:
                raise KeyboardInterrupt

    return Interrupting()


def fail_or_wait(how: str) -> None:
    """The second process ends in the way that is given; the first waits until somebody ends it."""
    if os.environ["RANK"] == "1":
        if how == "refuse":
            raise BadSetting("The second one will not do that. Ask the first.")
        if how == "break":
            raise ZeroDivisionError("by nought")
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def tell_and_wait(folder: Path) -> None:
    """Leaves a file whose name is the process and its threads."""
    (folder / f"{os.getpid()}-{os.environ['OMP_NUM_THREADS']}").touch()
    time.sleep(120)
