"""`stumper tune` on a small checkpoint: what it prints, what it keeps, and how it ends."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

if importlib.util.find_spec("trl") is None:
    pytest.skip("the extra train (torch, trl, peft) is not installed", allow_module_level=True)

from stumper import __version__
from stumper.front.console import StageDisplay
from stumper.rounds import tune_on
from stumper.tune import TINY, Wishes
from stumper.tune.resume import FOLDER
from tests.commands import Ended, stumper
from tests.tune import small

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
STEPS = 8 * TINY.epochs // (TINY.batch * TINY.accumulate)
"""Of eight pairs."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.release(tmp_path_factory.mktemp("release"))


def _tune(base: Path, release: Path, folder: Path, *options: str) -> Ended:
    return stumper("tune", str(release), "--model", str(base), "--batch", "8", *options, folder=folder)


def test_losses_are_told_and_the_model_named(base: Path, release: Path, tmp_path: Path) -> None:
    ended = _tune(base, release, tmp_path, "--rate", "0.003")

    assert ended.returncode == 0, ended.stderr
    assert "rate 0.003" in ended.stderr
    assert f"Step {STEPS} of {STEPS}: loss " in ended.stderr
    assert f"Step {STEPS} of {STEPS}: validation loss " in ended.stderr
    assert ended.stdout.replace("\n", "") == f"Tuned model: hf:{tmp_path / 'tuned'}"


def test_ctrl_c_ends_it_as_a_shell_expects_and_it_goes_on(
    base: Path, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_display: StageDisplay, _name: str, done: int, _total: int) -> None:
        if done == STEPS:
            raise KeyboardInterrupt

    with monkeypatch.context() as impatient:
        impatient.setattr(StageDisplay, "tell", interrupt)
        broken = _tune(base, release, tmp_path)
    again = _tune(base, release, tmp_path)

    assert broken.returncode == 130
    assert "Traceback" not in broken.stderr
    assert again.returncode == 0, again.stderr
    assert "Step 1 of" not in again.stderr
    assert f"Step {STEPS} of {STEPS}" in again.stderr
    assert not (tmp_path / "tuned" / FOLDER).exists()


@pytest.mark.parametrize(
    ("options", "way_out"),
    [
        (("--report-to", "excel"), "tensorboard, wandb, mlflow"),
        (("--no-merge",), "--no-merge"),
        (("--quantize", "4bit"), "--quantize"),
        (("--model", "onnx:", "--no-merge"), "--model hf:DIR"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    base: Path, release: Path, tmp_path: Path, options: tuple[str, ...], way_out: str
) -> None:
    ended = _tune(base, release, tmp_path, *options)

    assert ended.returncode == 1
    assert way_out in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_row_of_a_run_holds_its_curve(base: Path, release: Path, tmp_path: Path) -> None:
    tuned = tune_on(
        release, base_ref=f"hf:{base}", target=tmp_path / "out", seed=1, wishes=Wishes(batch=8, patience=1)
    )

    figures = json.loads(json.dumps(tuned.figures(), allow_nan=False))

    assert [row[0] for row in figures["curve"]] == list(range(1, tuned.result.steps + 1))
    assert all(len(row) == 4 and row[2] is not None for row in figures["curve"])
    assert (figures["recipe"], figures["stumper"]) == ("tiny", __version__)
    assert {"machine", "seconds", "release", "kept_step", "checked"} <= set(figures)


def test_an_export_that_breaks_off_is_not_taken_for_a_whole_one(
    base: Path, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def export(_checkpoint: Path, out: Path) -> None:
        (out / "onnx").mkdir()
        (out / "onnx" / "embed_tokens.onnx").write_bytes(b"graph")
        made.append(out)
        if len(made) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr("stumper.toytown.export.export", export)
    monkeypatch.setattr("stumper.rounds.tuning._REPLAY_PAIRS", 4)
    target = tmp_path / "out"

    def run() -> str:
        return tune_on(release, base_ref=f"onnx:{base}", target=target, seed=1, wishes=Wishes(batch=8)).ref

    with pytest.raises(KeyboardInterrupt):
        run()
    assert (target / "tuned.json").exists()
    assert not (target / "onnx").exists()
    assert run() == run() == f"onnx:{target}"
    assert (target / "onnx" / "embed_tokens.onnx").read_bytes() == b"graph"
    assert len(made) == 2


def test_tensorboard_gets_the_losses_and_keeps_them_beside_the_model(
    base: Path, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers.integrations import integration_utils

    wrote: dict[str, list[int]] = {}
    where: list[str] = []

    class Writer:
        def __init__(self, log_dir: str) -> None:
            where.append(log_dir)

        def add_scalar(self, name: str, _value: float, step: int) -> None:
            wrote.setdefault(name, []).append(step)

        def __getattr__(self, _name: str) -> Any:
            return lambda *_: None

    fake = ModuleType("torch.utils.tensorboard")
    fake.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", fake)
    monkeypatch.setattr(integration_utils, "is_tensorboard_available", lambda: True)
    monkeypatch.setattr("stumper.tune.settings.REPORTERS", {"tensorboard": "json"})

    tune_on(
        release,
        base_ref=f"hf:{base}",
        target=tmp_path / "out",
        seed=1,
        wishes=Wishes(batch=8),
        report_to=["tensorboard"],
    )

    assert where == [str(tmp_path / "out" / "runs")]
    assert wrote["train/loss"] == list(range(1, STEPS + 1))
    assert wrote["eval/loss"][-1] == STEPS
