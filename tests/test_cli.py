"""The command line as a stranger uses it: help, wrong input, one line and the way out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import stumper


def test_a_process_prints_what_the_command_prints_here_and_ends_with_its_status(tmp_path: Path) -> None:
    for words in (["--version"], ["release", "verify", "."]):
        real = subprocess.run(
            [sys.executable, "-m", "stumper", *words],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        here = stumper(*words, folder=tmp_path)

        assert (real.returncode, real.stdout, real.stderr) == (here.returncode, here.stdout, here.stderr)


def test_help_lists_a_command_for_every_stage(tmp_path: Path) -> None:
    shown = stumper("--help", folder=tmp_path).stdout

    for command in (
        "demo", "serve", "images", "models", "simulate", "arena", "release", "tune", "evaluate", "round",
        "work",
    ):  # fmt: skip
        assert command in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("models", "check", "gpt-5"), "Unknown model reference"),
        (("models", "check", "onnx:/nowhere"), "no folder"),
        (("models", "check", "onnx:[bold]nowhere"), "[bold]nowhere"),  # brackets are text
        (("tune", ".", "--recipe", "qwen9"), "qwen2-vl"),
        (("simulate", "--players", "5", "--mix", "saints"), "Unknown mix"),
        (("simulate", "--players", "5"), "stumper images toytown"),
        (("images", "add", "nowhere", "--licence", "CC0"), "nowhere"),
        (("images", "add", ".", "--licence", "CC0", "--campaign", "a b"), "cannot name a campaign"),
        (("release", "verify", "."), "release"),
        (("release", "build"), "example"),
        (("serve", "--model", "gpt"), "no scheme"),
        (("tune", "."), "train.jsonl is missing"),
        (("players", "signals"), "stumper"),
        (("players", "decide", "nobody", "--dismiss"), "stumper"),
    ],
)
def test_wrong_input_is_one_line_with_the_way_out(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    ended = stumper(*words, folder=tmp_path)

    assert ended.returncode == 1, ended.stderr
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_secret_in_the_settings_file_is_refused_without_showing_it(tmp_path: Path) -> None:
    (tmp_path / "stumper.toml").write_text('openai_key = "sk-hidden"\n')

    ended = stumper("round", "list", folder=tmp_path)

    assert ended.returncode == 1
    assert "STUMPER_OPENAI_KEY" in ended.stderr
    assert "sk-hidden" not in ended.stderr


def test_a_database_url_with_a_password_is_never_printed(tmp_path: Path) -> None:
    url = "postgresql://someone:sesame@127.0.0.1:1/nothing"

    ended = stumper("round", "list", folder=tmp_path, STUMPER_DATABASE=url)

    assert ended.returncode == 1
    assert "sesame" not in ended.stderr + ended.stdout


def test_toytown_draws_a_scene_and_tells_its_truth(tmp_path: Path) -> None:
    ended = stumper("toytown", "draw", "town.png", "--seed", "3", folder=tmp_path)

    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "town.png").stat().st_size > 5_000
    assert json.loads(ended.stdout)["things"]
