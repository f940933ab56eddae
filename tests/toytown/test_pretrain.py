"""Pretraining for a few steps: it is reproducible, goes on after a stop, and learns."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest

if importlib.util.find_spec("torch") is None:
    pytest.skip("the extra train (torch, transformers) is not installed", allow_module_level=True)

from stumper.toytown import model as tiny
from stumper.toytown import shelf, teach
from stumper.toytown.pretrain import Plan, pretrain, rates_at
from stumper.toytown.skills import Skill

SHAPE = tiny.Shape(
    vision_layers=1, vision_width=32, text_layers=3, text_width=32, text_inner=64, vocabulary=400
)
PLAN = Plan(
    seed=3,
    pictures=24,
    eye_steps=8,
    fine_step=6,
    steps=12,
    eye_batch=4,
    batch=4,
    phases=(teach.Phase(0, taught=2, tongue=1, hard=False), teach.Phase(6, taught=1, tongue=2, hard=True)),
    save_every=10,
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture(scope="module", autouse=True)
def small_corpus() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teach, "_CORPUS_SCENES", 20)
        yield patch


def _weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


@pytest.mark.slow
def test_twenty_steps_give_the_same_weights_twice(pictures: Path, tmp_path: Path) -> None:
    first = pretrain(tmp_path / "first", plan=PLAN, shape=SHAPE, pictures=pictures)
    again = pretrain(tmp_path / "again", plan=PLAN, shape=SHAPE, pictures=pictures)
    other = pretrain(tmp_path / "other", plan=replace(PLAN, seed=4), shape=SHAPE, pictures=pictures)

    assert _weights(first) == _weights(again)
    assert _weights(first) != _weights(other)


@pytest.mark.slow
def test_a_stopped_run_goes_on_to_the_same_weights(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pretrain(tmp_path / "whole", plan=PLAN, shape=SHAPE, pictures=pictures)
    from stumper.toytown import pretrain as module

    step = module._step

    def stop(run: module.Run, *rest: object) -> dict[str, float]:
        if run.step == 13:
            raise KeyboardInterrupt
        return step(run, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_step", stop)
    with pytest.raises(KeyboardInterrupt):
        pretrain(tmp_path / "parts", plan=PLAN, shape=SHAPE, pictures=pictures)
    monkeypatch.undo()
    parts = pretrain(tmp_path / "parts", plan=PLAN, shape=SHAPE, pictures=pictures)

    assert _weights(parts) == _weights(whole)


@pytest.mark.slow
def test_the_loss_falls(pictures: Path, tmp_path: Path) -> None:
    plan = replace(PLAN, eye_steps=1, steps=299, decay_share=0.1)

    folder = pretrain(tmp_path / "run", plan=plan, shape=SHAPE, pictures=pictures)

    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["say"] < 0.8 * lines[0]["say"]


def test_learning_rates_rise_stay_and_fall_to_zero() -> None:
    plan = Plan(
        eye_steps=1000, steps=1000, fine_step=500, eye_rate=2.0, fine_rate=1.0, rate=3.0, decay_share=0.5
    )

    assert rates_at(plan, 0) == pytest.approx((0.02, 0.0))
    assert rates_at(plan, 499) == (2.0, 0.0)
    assert rates_at(plan, 500) == (1.0, 0.0)
    assert rates_at(plan, 1400) == (1.0, 3.0)
    assert rates_at(plan, 1750) == pytest.approx((0.5, 1.5))
    assert rates_at(plan, 1999) == pytest.approx((0.002, 0.006))


def test_only_taught_skills_are_asked_and_never_in_held_out_words(monkeypatch: pytest.MonkeyPatch) -> None:
    import random

    wordings: set[str] = set()
    ask = teach.questions.ask

    def spy(*arguments: object, wording: str) -> object:
        wordings.add(wording)
        return ask(*arguments, wording=wording)  # type: ignore[arg-type]

    monkeypatch.setattr(teach.questions, "ask", spy)
    rng = random.Random(1)
    asked = [q for number in range(60) for q in teach.ask_taught(shelf.training_scene(number), rng, 4)]

    assert {question.skill for question in asked} == {skill for skill in Skill if skill.taught}
    assert wordings == {"taught", "player"}


def test_each_pass_shows_every_picture_once_in_another_order() -> None:
    plan = replace(PLAN, eye_steps=0, batch=4)
    passes = [
        [
            int(number)
            for step in range(6 * turn, 6 * turn + 6)
            for number in teach.picture_numbers(plan, step, 24)
        ]
        for turn in (0, 1)
    ]

    assert sorted(passes[0]) == sorted(passes[1]) == list(range(24))
    assert passes[0] != passes[1]
