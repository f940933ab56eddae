"""A run is looked at on the validation split, ends where that gets worse, and keeps what was best there."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

if importlib.util.find_spec("trl") is None:
    pytest.skip("the extra train (torch, trl, peft) is not installed", allow_module_level=True)

from stumper.errors import BadRelease
from stumper.toytown import model as tiny
from stumper.tune import TuneResult, tune
from stumper.tune.ahead import prepare
from stumper.tune.data import to_dataset
from stumper.tune.pairs import read_pairs
from tests.tune import small

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
# At this rate the validation loss falls at first and then rises: one step too far is seen.
WILD = small.recipe(rate=0.2, most_steps=8, keep=1.0, patience=1)


@pytest.fixture(scope="module")
def watched(base: Path, release: Path, tmp_path_factory: pytest.TempPathFactory) -> TuneResult:
    return tune(base, release, tmp_path_factory.mktemp("out"), recipe=WILD, seed=5)


def _loss(folder: Path, release: Path) -> float:
    """The validation loss of a saved model, by hand: the mean over pairs."""
    import torch

    model, processor = tiny.load(folder)
    pairs = read_pairs(release / "val.jsonl")
    batch = prepare(to_dataset(pairs, image_px=96), processor)
    with torch.no_grad():
        return sum(float(model(**batch([{"place": p}])).loss) for p in range(len(pairs))) / len(pairs)


def test_the_saved_weights_are_those_of_the_lowest_validation_loss(
    watched: TuneResult, release: Path
) -> None:
    losses = {point.step: point.validation for point in watched.curve if point.validation is not None}

    best = min(losses, key=lambda step: losses[step])

    assert watched.checked == 4
    assert watched.kept_step == best < max(losses)
    assert _loss(watched.folder, release) == pytest.approx(losses[best], rel=1e-3)


def test_a_run_that_gets_worse_ends_after_its_patience(watched: TuneResult) -> None:
    checks = [point.step for point in watched.curve if point.validation is not None]

    assert watched.kept_step is not None
    assert watched.steps == checks[-1]
    assert checks.index(watched.kept_step) == len(checks) - 1 - WILD.patience
    assert watched.steps < 8


def test_looking_changes_nothing(base: Path, release: Path, tmp_path: Path) -> None:
    patient = replace(WILD, patience=0)
    alone = tmp_path / "release"
    alone.mkdir()
    (alone / "train.jsonl").symlink_to(release / "train.jsonl")
    (alone / "images").symlink_to(release / "images")

    looked = tune(base, release, tmp_path / "1", recipe=patient, seed=5)
    blind = tune(base, alone, tmp_path / "2", recipe=patient, seed=5)

    assert small.weights(looked.folder) == small.weights(blind.folder)
    assert looked.loss == blind.loss
    assert (looked.steps, looked.kept_step) == (8, None)
    assert [point.step for point in looked.curve if point.validation] == [2, 4, 6, 8]
    assert not [point for point in blind.curve if point.validation]


@pytest.mark.parametrize("text", [None, ""])
def test_nothing_to_stop_by_is_told_before_anything_is_loaded(
    release: Path, tmp_path: Path, text: str | None
) -> None:
    (tmp_path / "train.jsonl").write_text((release / "train.jsonl").read_text())
    if text is not None:
        (tmp_path / "val.jsonl").write_text(text)

    with pytest.raises(BadRelease, match="--patience 0"):
        tune(tmp_path / "no base", tmp_path, tmp_path / "out", recipe=WILD, seed=5)
