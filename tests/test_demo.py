"""The whole loop as a stranger runs it, killed in the middle, and once more unharmed: the same release."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stumper.release.manifest import verify_release

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "stumper", "demo", "--players", "30", "--no-serve", "--json", "--seed", "4"]
KEYS = [
    "sessions", "exchanges", "claims", "examples", "precision", "recall", "withheld", "known", "score",
    "minutes", "report",
]  # fmt: skip


def _finish(folder: Path) -> dict[str, object]:
    ended = subprocess.run(
        [*COMMAND, "--dir", str(folder)], capture_output=True, text=True, timeout=900, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    line: dict[str, object] = json.loads(ended.stdout.strip().splitlines()[-1])
    return line


def _kill_when(folder: Path, *, sessions: int) -> None:
    """Starts the demo and kills it with -9 once so many sessions have been played."""
    demo = subprocess.Popen([*COMMAND, "--dir", str(folder)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(3000):
            if demo.poll() is not None:
                raise AssertionError("The demo ended before it could be killed")
            if _truths(folder) >= sessions * 10:
                break
            time.sleep(0.1)
    finally:
        os.kill(demo.pid, signal.SIGKILL)
        demo.wait()


def _truths(folder: Path) -> int:
    """Questions asked so far, from the file the crowd keeps."""
    return sum(len(path.read_bytes().splitlines()) for path in folder.glob("*/simulation/truth-*.jsonl"))


def _releases(folder: Path) -> list[str]:
    return [verify_release(path.parent).digest for path in folder.glob("*/releases/*/release.json")]


def test_a_demo_that_was_killed_ends_with_the_same_release_as_one_that_was_not(tmp_path: Path) -> None:
    _kill_when(tmp_path / "killed", sessions=8)

    killed = _finish(tmp_path / "killed")
    whole = _finish(tmp_path / "whole")

    assert list(whole) == KEYS
    assert _releases(tmp_path / "killed") == _releases(tmp_path / "whole") != []
    for figure in ("sessions", "exchanges", "claims", "examples", "precision", "recall"):
        assert killed[figure] == whole[figure]
    assert Path(str(whole["report"])).read_text(encoding="utf-8").startswith("<!doctype html>")
