"""What is asked of a run, and what is refused before anything is loaded."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stumper.errors import BadRelease, BadSetting
from stumper.tune import ALONE, Crew, tune
from stumper.tune.model import _weights
from stumper.tune.pairs import lessons
from stumper.tune.recipes import RECIPES, TINY, Method, Quantize, Wishes
from stumper.tune.settings import arguments, require_reporters
from stumper.tune.watch import Point, curve, mean_loss
from tests.examples import examples

needs_trl = pytest.mark.skipif(
    importlib.util.find_spec("trl") is None, reason="the extra train (torch, trl, peft) is not installed"
)
QWEN = RECIPES["qwen2-vl"]


def test_no_wish_changes_nothing() -> None:
    assert all(Wishes().on(recipe) == recipe for recipe in RECIPES.values())


@given(batch=st.integers(1, 16))
def test_a_batch_of_another_size_leaves_updates_as_large(batch: int) -> None:
    wished = Wishes(batch=batch).on(QWEN)

    assert wished.batch == batch
    assert abs(wished.batch * wished.accumulate - QWEN.batch * QWEN.accumulate) <= batch / 2


def test_a_rate_is_that_of_the_method() -> None:
    sft, dpo = (Wishes(rate=3e-5, method=method).on(QWEN) for method in (None, Method.DPO))

    assert (sft.peak, sft.preference_rate) == (3e-5, QWEN.preference_rate)
    assert (dpo.peak, dpo.rate) == (3e-5, QWEN.rate)


@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0.01, 10)), min_size=1, max_size=12))
@settings(max_examples=examples(50))
def test_the_mean_loss_weighs_every_step_alike(stretches: list[tuple[int, float]]) -> None:
    log, step = [], 0
    for length, loss in stretches:
        step += length
        log.append({"step": step, "loss": loss})

    by_hand = [loss for length, loss in stretches for _ in range(length)]

    assert mean_loss(curve(log)) == pytest.approx(sum(by_hand) / len(by_hand))


def test_a_curve_joins_what_was_logged_of_a_step() -> None:
    log = [
        {"step": 2, "loss": 1.5, "rewards/margins": 0.1},
        {"step": 2, "eval_loss": 1.4, "eval_rewards/margins": 0.2},
        {"step": 3, "eval_loss": 1.3},
        {"step": 3, "train_loss": 1.2},
    ]

    assert curve(log) == (Point(2, 1.5, 1.4, 0.1), Point(3, None, 1.3))
    assert math.isnan(mean_loss([]))


def test_a_reporter_that_is_none_or_has_no_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(BadSetting, match="pip install mlflow"):
        require_reporters(["mlflow"])
    with pytest.raises(BadSetting, match="tensorboard, wandb, mlflow"):
        require_reporters(["excel"])


def test_another_format_of_a_release_is_refused(tmp_path: Path) -> None:
    (tmp_path / "release.json").write_text('{"format": 99}')

    with pytest.raises(BadRelease, match="format 99"):
        lessons(tmp_path, TINY, seed=1)
    with pytest.raises(BadRelease, match="format 99"):
        tune(tmp_path / "no base", tmp_path, tmp_path / "out", recipe=TINY, seed=1)


@needs_trl
class TestFourBits:
    FOUR = replace(QWEN, quantize=Quantize.FOUR_BIT)

    def test_they_need_a_gpu(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("torch.cuda.is_available", lambda: False)

        with pytest.raises(BadSetting, match="NVIDIA GPU"):
            _weights(self.FOUR, adapter=False)

    def test_they_need_bitsandbytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("torch.cuda.is_available", lambda: True)
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

        with pytest.raises(BadSetting, match=r"stumper\[qlora\]"):
            _weights(self.FOUR, adapter=False)

    @pytest.mark.parametrize(("words", "adapter"), [(True, False), (False, True)])
    def test_they_cannot_change(self, words: bool, adapter: bool) -> None:
        with pytest.raises(BadSetting, match="cannot change"):
            _weights(replace(self.FOUR, words=words), adapter=adapter)


@needs_trl
@pytest.mark.filterwarnings("ignore")
class TestArguments:
    @pytest.fixture(autouse=True)
    def _no_gpu(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setattr("torch.cuda.is_available", lambda: False)
        return iter([None])

    @pytest.mark.parametrize("processes", [1, 2, 4, 16])
    def test_processes_share_an_update(self, processes: int, tmp_path: Path) -> None:
        made = arguments(tmp_path, QWEN, 1, 320, Crew(size=processes))

        assert made.per_device_train_batch_size * made.gradient_accumulation_steps * processes == 16
        assert made.max_steps == 20

    @pytest.mark.parametrize(("checked", "patience"), [(False, 0), (True, 0), (True, 2)])
    def test_the_best_is_kept_only_where_patience_ends(
        self, checked: bool, patience: int, tmp_path: Path
    ) -> None:
        made = arguments(tmp_path, replace(TINY, patience=patience), 1, 320, ALONE, checked=checked)

        assert made.eval_strategy == ("steps" if checked else "no")
        assert made.load_best_model_at_end is (patience > 0)

    @pytest.mark.parametrize(
        ("method", "losses"), [(Method.DPO, ["sigmoid"]), (Method.BOTH, ["sigmoid", "sft"])]
    )
    def test_dpo_has_its_own_settings(self, method: Method, losses: list[str], tmp_path: Path) -> None:
        made: Any = arguments(tmp_path, replace(QWEN, method=method, beta=0.3), 1, 320, ALONE)

        assert (made.loss_type, made.beta, made.learning_rate) == (losses, 0.3, QWEN.preference_rate)
