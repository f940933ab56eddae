"""Two rounds of the whole loop, killed in the middle of their stages and not killed: the same releases."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stumper.release.manifest import verify_release

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
KEYS = [
    "sessions", "exchanges", "claims", "examples", "precision", "recall", "withheld", "known", "score",
    "minutes", "report",
]  # fmt: skip


@contextmanager
def _running(folder: Path, rounds: int = 1) -> Iterator[subprocess.Popen[str]]:
    """A small demo in a process of its own; whatever happens, it is gone afterwards."""
    command = [sys.executable, "-m", "tests.small_demo", str(folder), str(rounds)]
    demo = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield demo
    finally:
        demo.kill()
        demo.communicate()


def _kill_in(folder: Path, stage: str, *, after_questions: int = 0, rounds: int = 1, number: int = 1) -> None:
    """Starts or resumes the demo, and kills it with -9 in a stage of round ``number`` once so many more
    questions were asked.
    """
    with _running(folder, rounds) as demo:
        assert demo.stderr is not None
        said: list[str] = []
        there = number == 1
        for line in demo.stderr:
            said.append(line)
            there = there or line.startswith(f"Round {number} of ")
            if there and f" {stage} ..." in line:
                break
        else:
            raise AssertionError(f"The demo ended before {stage}: {''.join(said)[-2000:]}")
        after_questions += _questions(folder) if number > 1 else 0
        while demo.poll() is None and _questions(folder) < after_questions:
            time.sleep(0.05)
        assert demo.poll() is None, f"The demo ended in {stage}"


def _questions(folder: Path) -> int:
    """Questions asked so far, from the file the crowd keeps."""
    return sum(len(path.read_bytes().splitlines()) for path in folder.glob("simulation/truth-*.jsonl"))


def _finish(folder: Path, rounds: int = 1) -> list[dict[str, Any]]:
    with _running(folder, rounds) as demo:
        out, error = demo.communicate(timeout=900)
        assert demo.returncode == 0, error[-3000:]
    return [json.loads(line) for line in out.splitlines()]


def _releases(folder: Path) -> set[str]:
    return {verify_release(path.parent).digest for path in folder.glob("releases/*/release.json")}


def test_a_demo_that_was_killed_again_and_again_ends_with_the_same_releases(tmp_path: Path) -> None:
    folder = tmp_path / "demo"  # one after the other in one place: a release names its opponents' folders
    at_once = _finish(folder, 2)
    releases = _releases(folder)
    folder.rename(tmp_path / "whole")

    _kill_in(folder, "draw pictures")
    _kill_in(folder, "verify controls")
    _kill_in(folder, "sessions", after_questions=40)
    _kill_in(folder, "sessions", after_questions=90)
    _kill_in(folder, "votes")
    _kill_in(folder, "freeze")
    (first,) = _finish(folder)
    assert list(first) == KEYS
    assert len(_releases(folder) & releases) == len(_releases(folder)) == 1
    for figure in ("sessions", "exchanges", "claims", "examples", "precision", "recall", "score"):
        assert first[figure] == at_once[0][figure], figure
    assert Path(first["report"]).read_text(encoding="utf-8").startswith("<!doctype html>")

    _kill_in(folder, "sessions", after_questions=40, rounds=2, number=2)
    after_kills = _finish(folder, 2)

    assert _releases(folder) == releases
    assert len(releases) == 2
    assert [line["round"] for line in after_kills] == [1, 2]
    assert len({line["opponent"] for line in after_kills}) == 2
    for killed, whole in zip(after_kills, at_once, strict=True):
        for figure in ("sessions", "questions", "claims_per_100", "wrong_per_100", "examples", "scores"):
            assert killed[figure] == whole[figure], figure
    page = (folder / "rounds.html").read_text(encoding="utf-8")
    assert all(f'href="{name}"' in page for name in ("report.html", "report-2.html"))
    assert not list((folder / "releases").glob(".freezing-*"))
