"""Tuning a model on a release, with replay of what the shipped one was taught."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stumper import __version__
from stumper.errors import BadSetting
from stumper.release.manifest import NAME, read_manifest
from stumper.tune import ALONE, Wishes, fresh_pairs
from stumper.tune.disk import save_whole
from stumper.vlm.onnx import SHIPPED

if TYPE_CHECKING:
    from stumper.tune import Crew, Recipe, TuneResult

_REPLAY_PAIRS = 6000
"""Known pairs at hand for replay; tuning draws the share its recipe asks for."""


class Tuned(NamedTuple):
    """A tuned model and how it came to be."""

    ref: str
    recipe: Recipe
    result: TuneResult
    release: str = ""
    """Id of the release; empty where pairs came without a manifest."""

    def figures(self) -> dict[str, Any]:
        """What is kept of the run: its numbers, its curve of (step, loss, validation loss, DPO's margin),
        what it was made of, the code and the machine.
        """
        run = {name: value for name, value in asdict(self.result).items() if name != "folder"}
        return {
            **run,
            "curve": [list(point) for point in self.result.curve],
            "release": self.release,
            "recipe": self.recipe.name,
            "stumper": __version__,
            "machine": _machine(),
        }


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
    wishes: Wishes | None = None,
    remote_code: bool = False,
    merge: bool = True,
    report_to: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
    on_progress: Callable[[int, int], None] | None = None,
    crew: Crew = ALONE,
) -> Tuned:
    """Tunes ``base_ref`` on a release, exports the result, and returns it; found if made before.

    Without a ``recipe`` the one that fits the checkpoint is taken; ``wishes`` change it. ``say`` hears what
    will be done, the memory it needs, and the losses. ``crew`` is who trains together (``tune.meeting``): its
    main process speaks and writes. The rest is as `tune` takes it. Raises BadSetting for a model that has no
    checkpoint on this machine, or without the extra ``train``.
    """
    scheme, _, rest = base_ref.partition(":")
    if scheme not in {"onnx", "hf"}:
        raise BadSetting(
            f"{base_ref} cannot be tuned: only its answers are here. Give the checkpoint: --base hf:DIR"
        )
    base = Path(rest) if rest else SHIPPED
    is_tiny = scheme == "onnx"
    if is_tiny and not merge:
        raise BadSetting("The game plays onnx: models merged. Leave --no-merge out, or give --model hf:DIR.")
    fresh_pairs(release)  # what is wrong with it is said before anything is loaded
    try:
        from stumper.toytown.export import export
        from stumper.tune import checkpoint_under, plan, recipe_for, tune

        root = checkpoint_under(base)
        recipe = (wishes or Wishes()).on(recipe or recipe_for(root))
        mine = crew.share(recipe)
        if crew.main:
            say(plan(root, mine, remote_code=remote_code) + crew.told())
        with crew.main_first():
            replay = _replay(target, seed) if is_tiny else None
        result = tune(
            base,
            release,
            target,
            recipe=recipe,
            seed=seed,
            replay=replay,
            remote_code=remote_code,
            merge=merge,
            report_to=report_to,
            on_progress=on_progress,
            say=say,
            crew=crew,
        )
        if is_tiny and crew.main and not (target / "onnx").is_dir():
            save_whole(target, partial(export, target))
    except ModuleNotFoundError as error:
        raise BadSetting(f"Tuning needs {error.name}: pip install 'stumper[train]'") from error
    return Tuned(f"{scheme}:{target}", recipe, result, _release_id(release))


def _replay(target: Path, seed: int) -> Path:
    from stumper.toytown.replay import write_replay

    return write_replay(target.parent / f"replay-{seed}", pairs=_REPLAY_PAIRS, seed=seed)


def _release_id(release: Path) -> str:
    return read_manifest(release).id if (release / NAME).is_file() else ""
