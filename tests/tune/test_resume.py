"""A run that was killed, interrupted or met a full disk goes on, and ends as one that nothing happened to."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

if importlib.util.find_spec("trl") is None:
    pytest.skip("the extra train (torch, trl, peft) is not installed", allow_module_level=True)

from stumper.errors import BadSetting, Conflict
from stumper.tune import TuneResult, disk, lora, tune
from stumper.tune.lora import DONE
from stumper.tune.resume import FOLDER
from tests.tune import killed_run, small

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
ROOT = Path(__file__).parents[2]
RECIPE = killed_run.RECIPE


@pytest.fixture(scope="module")
def whole(base: Path, release: Path, tmp_path_factory: pytest.TempPathFactory) -> TuneResult:
    """A run that nothing happened to."""
    return tune(base, release, tmp_path_factory.mktemp("whole"), recipe=RECIPE, seed=5)


class Steps:
    """Hears how far a run is; may interrupt it."""

    def __init__(self, until: int | None = None) -> None:
        self.heard: list[int] = []
        self._until = until

    def __call__(self, done: int, _total: int) -> None:
        self.heard.append(done)
        if done == self._until:
            raise KeyboardInterrupt


def test_a_killed_run_that_trains_embeddings_goes_on_to_the_same_weights(
    base: Path, release: Path, whole: TuneResult, tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, ROOT / "tests/tune/killed_run.py", base, release, tmp_path, "5"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src")))},
        stderr=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    steps = Steps()

    result = tune(base, release, tmp_path, recipe=RECIPE, seed=5, on_progress=steps)

    assert ended.returncode == -signal.SIGKILL
    assert steps.heard == [5, 6, 7, 8]
    assert small.weights(tmp_path) == small.weights(whole.folder)
    assert (result.curve, result.loss) == (whole.curve, whole.loss)


def test_an_interrupted_run_without_embeddings_goes_on_too(base: Path, release: Path, tmp_path: Path) -> None:
    plain = replace(RECIPE, words=False, ahead=False, keep=1.0, patience=0, most_steps=4)
    unbroken = tune(base, release, tmp_path / "1", recipe=plain, seed=5)
    with pytest.raises(KeyboardInterrupt):
        tune(base, release, tmp_path / "2", recipe=plain, seed=5, on_progress=Steps(3))
    steps = Steps()

    again = tune(base, release, tmp_path / "2", recipe=plain, seed=5, on_progress=steps)

    assert steps.heard == [3, 4]
    assert small.weights(again.folder) == small.weights(unbroken.folder)


def test_checkpoints_of_another_run_are_not_gone_on_with(base: Path, release: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        tune(base, release, tmp_path, recipe=RECIPE, seed=5, on_progress=Steps(3))
    steps = Steps()

    tune(base, release, tmp_path, recipe=replace(RECIPE, most_steps=2), seed=6, on_progress=steps)

    assert steps.heard == [1, 2]


def test_a_disk_that_fills_while_saving_leaves_nothing_and_costs_no_second_training(
    base: Path, release: Path, whole: TuneResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(part: Path, *_: Any) -> None:
        (part / "model.safetensors").write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(lora, "_save", full)
        with pytest.raises(BadSetting, match="is full"):
            tune(base, release, tmp_path, recipe=RECIPE, seed=5)
    left = [path.name for path in tmp_path.iterdir()]
    steps = Steps()
    tune(base, release, tmp_path, recipe=RECIPE, seed=5, on_progress=steps)

    assert left == [FOLDER]
    assert steps.heard == []
    assert small.weights(tmp_path) == small.weights(whole.folder)


def test_a_disk_that_is_too_small_is_told_before_training(
    base: Path, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: type("Disk", (), {"free": 1000}))
    steps = Steps()

    with pytest.raises(BadSetting, match=r"0\.00 GB free"):
        tune(base, release, tmp_path, recipe=RECIPE, seed=5, on_progress=steps)

    assert steps.heard == []


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0"),
        Exception("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_every_way_to_say_that_a_disk_is_full_is_understood(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="is full"), disk.telling_of_a_full_disk(tmp_path):
        raise error


def test_other_failures_are_left_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="denied"), disk.telling_of_a_full_disk(tmp_path):
        raise OSError(errno.EACCES, "Permission denied")


def test_what_was_tuned_otherwise_is_not_passed_off_as_this_run(
    base: Path, release: Path, whole: TuneResult, tmp_path: Path
) -> None:
    text = (whole.folder / DONE).read_text()
    (tmp_path / DONE).write_text(text)

    found = tune(base, release, tmp_path, recipe=RECIPE, seed=5)

    assert replace(found, folder=whole.folder) == whole
    with pytest.raises(Conflict, match="recipe, seed"):
        tune(base, release, tmp_path, recipe=replace(RECIPE, rate=1e-3), seed=6)
    assert json.loads((tmp_path / DONE).read_text()) == json.loads(text)
