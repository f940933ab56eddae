"""`stumper experiment` from the command line: what is refused before hours are spent, and real thin runs."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from pathlib import Path

import pytest

from stumper.evaluate.items import release_items
from stumper.experiment import exam
from tests.commands import stumper
from tests.experiment.test_matrix import release
from tests.experiment.test_pool import campaign

CONTROLS = ("experiment", "controls", "--data", "data", "--out", "out")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--seeds", "one"), "--seeds 'one' are no whole numbers"),
        (("--seeds", ","), "--seeds ',' are no whole numbers"),
        (("--arms", "clever"), "There are collected, ordinary"),
        (("--base", "openai:http://x#y"), "cannot be tuned"),
        (("--base", "hf:nowhere"), "holds no config.json"),
        (("--recipe", "magic"), "no recipe 'magic'"),
        ((), "There is none yet"),
    ],
)
def test_what_cannot_be_is_refused_at_once(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "data").mkdir()
    ended = stumper(*CONTROLS, *words, folder=tmp_path)

    assert ended.returncode == 1
    assert said in ended.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    ended = stumper("experiment", "controls", "--data", str(tmp_path / "mistyped"), folder=tmp_path)

    assert ended.returncode == 2
    assert "does not exist" in ended.stderr
    assert not (tmp_path / "mistyped").exists()


def test_the_matrix_wants_releases(tmp_path: Path) -> None:
    ended = stumper("experiment", "matrix", "--release", "nowhere", "--model", "onnx:", folder=tmp_path)

    assert ended.returncode == 1
    assert "holds no release.json" in ended.stderr


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("trl") is None:
        pytest.skip("the extra train (torch, trl, peft) is not installed")
    from stumper.toytown import model as tiny

    folder = tmp_path_factory.mktemp("base")
    shape = tiny.Shape(
        vision_layers=1, vision_width=32, text_layers=1, text_width=32, text_inner=64, vocabulary=300
    )
    tokenizer = tiny.train_tokenizer(["how many cats are in row", "five"] * 20, vocabulary=shape.vocabulary)
    tiny.build_model(tokenizer, shape, seed=1).save_pretrained(folder)
    tiny.build_processor(tokenizer, shape).save_pretrained(folder)
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_thin_run_with_a_real_model(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exam, "release_items", lambda *args, **more: release_items(*args, **more)[:3])

    async def play() -> None:
        async with campaign(tmp_path / "data"):
            pass

    asyncio.run(play())
    words = (*CONTROLS, "--base", f"hf:{tiny_model}", "--seeds", "1", "--sizes", "8,16", "--passes", "1")
    ended = stumper(*words, "--arms", "balanced", "--json", folder=tmp_path)

    assert ended.returncode == 0, ended.stderr
    figures = json.loads(ended.stdout)
    assert [(one["arm"], one["pairs"]) for one in figures["arms"]] == [
        ("balanced", 8),
        ("balanced", 16),
    ]
    assert json.loads((tmp_path / "out" / "runs" / "balanced-16-1" / "tuned.json").read_text())["pairs"] == 16
    assert not list((tmp_path / "out" / "tuning").glob("*-1-*"))
    again = stumper(*words, "--arms", "balanced", "--json", folder=tmp_path)
    assert json.loads(again.stdout) == figures
    assert "done balanced" not in again.stderr


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_thin_matrix_with_a_real_model(tmp_path: Path, tiny_model: Path) -> None:
    one = str(release(tmp_path / "a", "a", "onnx:"))
    words = ("--release", one, "--model", str(tiny_model), "--passes", "1", "--json")
    ended = stumper("experiment", "matrix", *words, folder=tmp_path)

    assert ended.returncode == 0, ended.stderr
    assert [cell["figures"]["items"] for cell in json.loads(ended.stdout)["cells"]] == [4]
    assert (tmp_path / "matrix" / "experiment.html").is_file()
