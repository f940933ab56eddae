"""Tuning a model on a release, with replay of what the shipped one was taught."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stumper import __version__
from stumper.errors import BadSetting
from stumper.tune import fresh_pairs
from stumper.vlm.onnx import SHIPPED

if TYPE_CHECKING:
    from stumper.tune import Recipe, TuneResult

_REPLAY_PAIRS = 6000
"""Known pairs at hand for replay; tuning draws the share its recipe asks for."""


class Tuned(NamedTuple):
    """A tuned model and how it came to be."""

    ref: str
    recipe: Recipe
    result: TuneResult

    def figures(self) -> dict[str, Any]:
        """What is kept beside release, recipe and seed: the run's numbers, the code and the machine."""
        run = {name: value for name, value in asdict(self.result).items() if name != "folder"}
        return {**run, "stumper": __version__, "machine": _machine()}


def _machine() -> str:
    import torch

    processors = f"{os.cpu_count()} processors, {platform.machine()}"
    return f"{torch.cuda.get_device_name()}, {processors}" if torch.cuda.is_available() else processors


def tune_on(
    release: Path,
    *,
    base_ref: str,
    target: Path,
    seed: int,
    recipe: Recipe | None = None,
    batch: int | None = None,
    remote_code: bool = False,
    say: Callable[[str], None] = lambda _: None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Tuned:
    """Tunes ``base_ref`` on a release, exports the result, and returns it; found if made before.

    Without a ``recipe`` the one that fits the checkpoint is taken. ``batch`` pairs are looked at at once; an
    update stays as large. ``say`` hears what will be done and the memory it needs. Raises BadSetting for a
    model that has no checkpoint on this machine, or without the extra ``train``.
    """
    scheme, _, rest = base_ref.partition(":")
    if scheme not in {"onnx", "hf"}:
        raise BadSetting(
            f"{base_ref} cannot be tuned: only its answers are here. Give the checkpoint: --base hf:DIR"
        )
    base = Path(rest) if rest else SHIPPED
    is_tiny = scheme == "onnx"
    fresh_pairs(release)  # what is wrong with it is said before anything is loaded
    try:
        from stumper.toytown.export import export
        from stumper.toytown.replay import write_replay
        from stumper.tune import plan, recipe_for, tune

        replay = (
            write_replay(target.parent / f"replay-{seed}", pairs=_REPLAY_PAIRS, seed=seed)
            if is_tiny
            else None
        )
        recipe = (recipe or recipe_for(base)).with_batch(batch)
        say(plan(base, recipe, remote_code=remote_code))
        result = tune(
            base,
            release,
            target,
            recipe=recipe,
            seed=seed,
            replay=replay,
            remote_code=remote_code,
            on_progress=on_progress,
        )
        if is_tiny and not (target / "onnx").is_dir():
            export(target, target)
    except ModuleNotFoundError as error:
        raise BadSetting(f"Tuning needs {error.name}: pip install 'stumper[train]'") from error
    return Tuned(f"{scheme}:{target}", recipe, result)
