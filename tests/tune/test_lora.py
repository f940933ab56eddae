"""Two updates of a real LoRA run on a model of a few thousand weights."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest

if importlib.util.find_spec("trl") is None:
    pytest.skip("the extra train (torch, trl, peft) is not installed", allow_module_level=True)

import torch
from safetensors.torch import load_file
from torch.testing import assert_close

from stumper.errors import BadRelease, BadSetting
from stumper.toytown import model as tiny
from stumper.tune import TINY, tune
from stumper.tune.lora import DONE
from stumper.tune.model import linear_layers
from stumper.tune.recipes import ALL
from stumper.tune.watch import train
from tests.tune import small

pytestmark = [
    pytest.mark.slow,
    # Libraries warn about each other's future; nothing here can act on it.
    pytest.mark.filterwarnings("ignore"),
]
RECIPE = small.RECIPE


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.release(tmp_path_factory.mktemp("release"))


def test_the_same_seed_gives_the_same_weights_and_they_differ_from_the_base(
    base: Path, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[tuple[int, int]] = []
    replay = release / "train.jsonl"

    first = tune(
        base, release, tmp_path / "1", recipe=RECIPE, seed=5, replay=replay,
        on_progress=lambda done, total: heard.append((done, total)),
    )  # fmt: skip
    again = tune(base, release, tmp_path / "2", recipe=RECIPE, seed=5, replay=replay)

    assert heard == [(1, 2), (2, 2)]
    assert capsys.readouterr().out == ""
    assert (first.pairs, first.replayed, first.steps) == (8, RECIPE.epochs * 5, 2)
    assert small.weights(first.folder) == small.weights(again.folder)
    assert small.weights(first.folder) != small.weights(base)
    assert not (first.folder / "checkpoints").exists()


def test_the_result_lies_between_base_and_tuned_weights(base: Path, release: Path, tmp_path: Path) -> None:
    whole = tune(base, release, tmp_path / "1", recipe=replace(RECIPE, keep=1.0), seed=5)
    part = tune(base, release, tmp_path / "2", recipe=replace(RECIPE, keep=0.25), seed=5)

    before, after, between = (
        load_file(folder / "model.safetensors") for folder in (base, whole.folder, part.folder)
    )

    assert any(not before[name].equal(after[name]) for name in before)
    for name in before:
        assert_close(between[name], 0.75 * before[name] + 0.25 * after[name], atol=1e-6, rtol=1e-5)


def test_a_finished_run_is_returned_as_it_is(base: Path, release: Path, tmp_path: Path) -> None:
    (tmp_path / DONE).write_text(
        json.dumps({"pairs": 1, "replayed": 2, "steps": 3, "loss": 0.5, "seconds": 4.0})
    )

    assert tune(base, release, tmp_path, recipe=RECIPE, seed=5).steps == 3


def test_the_tuned_checkpoint_loads_without_peft(base: Path, release: Path, tmp_path: Path) -> None:
    result = tune(base, release, tmp_path / "out", recipe=RECIPE, seed=5)

    model, processor = tiny.load(result.folder)

    assert not any("lora" in name for name, _ in model.named_parameters())
    assert processor.chat_template == tiny.CHAT_TEMPLATE


def test_an_empty_release_is_refused(base: Path, tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("")

    with pytest.raises(BadRelease, match="no training pairs"):
        tune(base, tmp_path, tmp_path / "out", recipe=RECIPE, seed=5)


def test_a_run_whose_loss_is_no_number_ends_with_the_way_out(
    base: Path, release: Path, tmp_path: Path
) -> None:
    wild = replace(RECIPE, rate=1e30, most_steps=8)

    with pytest.raises(BadSetting, match="lower --rate"):
        tune(base, release, tmp_path / "out", recipe=wild, seed=5)

    assert not (tmp_path / "out" / DONE).exists()
    assert not (tmp_path / "out" / "model.safetensors").exists()


def test_memory_that_does_not_suffice_names_the_setting_to_change() -> None:
    class Full:
        def train(self, **_: object) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(BadSetting, match="--batch 2"):
        train(Full(), None, replace(RECIPE, batch=4))
    with pytest.raises(BadSetting, match="smaller model"):
        train(Full(), None, replace(RECIPE, batch=1))


def test_a_missing_picture_is_named(base: Path, release: Path, tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text((release / "train.jsonl").read_text())

    with pytest.raises(BadRelease, match="cannot be read"):
        tune(base, tmp_path, tmp_path / "out", recipe=RECIPE, seed=5)


def test_the_vision_tower_is_left_alone_unless_its_eyes_are_tuned(base: Path) -> None:
    model, _ = tiny.load(base)

    blind, seeing = linear_layers(model, TINY), linear_layers(model, replace(TINY, layers=ALL))

    assert set(blind) < set(seeing)
    assert any("connector" in name for name in seeing)
    assert blind
    assert all("text_model" in name for name in blind)
