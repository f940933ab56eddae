"""`stumper evaluate --engine`, killed in the middle and started again: the figures of the plain run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from tests.evaluate.test_closing import release
from tests.fake_endpoint import FakeEndpoint, fake_endpoint, question_in

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
ROOT: Final = Path(__file__).parents[2]

# The command, with two dozen of Toytown's questions instead of hundreds.
_CHILD: Final = """
from stumper import cli
from stumper.evaluate import closing
from stumper.evaluate.consistency import cases
from stumper.evaluate.items import KNOWN, WITHHELD, toytown_items

def few(skills, style):
    return lambda *, seed: toytown_items(seed=1, n=8, skills=skills[:4], style=style)

closing.known_items, closing.withheld_items = few(KNOWN, "simple"), few(WITHHELD, "complex")
closing.cases = lambda items, *, seed: cases(items, seed=seed, n=4)
cli.main()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as running:
        yield running


@pytest.fixture(scope="module")
def plain(server: FakeEndpoint, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("plain")
    release(folder / "release")
    return figures(evaluate(server, folder))


def evaluate(server: FakeEndpoint, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    words = ("evaluate", folder / "release", "--report", folder / "report.html", "--json", *more)
    models = ("--base", f"openai:{server.url}#echo", "--tuned", "scripted:text=five")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STUMPER_")}
    return subprocess.Popen(
        [sys.executable, "-c", _CHILD, *map(str, words), *models],
        cwd=ROOT,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def figures(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Returns what the command printed, without the times that machines took."""
    printed, said = process.communicate(timeout=240)
    assert process.returncode == 0, said.decode()
    told: dict[str, Any] = _timeless(json.loads(printed))
    return told


def _timeless(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _timeless(value) for name, value in told.items() if name != "cost"}
    return [_timeless(one) for one in told] if isinstance(told, list) else told


def wait(until: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.mark.parametrize(
    "engine",
    [
        "local",
        "dbos",
        pytest.param("ray", marks=pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray")),
    ],
)
def test_an_evaluation_that_was_killed_asks_only_what_is_missing(
    tmp_path: Path, server: FakeEndpoint, plain: dict[str, Any], engine: str
) -> None:
    release(tmp_path / "release")
    ahead = tmp_path / ".report.html.answers" / "ahead-base"
    words = ("--engine", engine, "--shard-rows", "4")

    server.delay_s = 0.3
    killed = evaluate(server, tmp_path, *words)
    started: list[psutil.Process] = []
    try:
        wait(lambda: len(receipts(ahead)) > 1, seconds=120, what="no shard was done")
        started = psutil.Process(killed.pid).children(recursive=True)
    finally:
        killed.kill()
        killed.communicate()
    end(started)  # Ray's own end a minute later: its workers wait so long for a cluster that is gone
    server.delay_s = 0.0
    asked = [one["question"] for one in lines(ahead / "questions.jsonl")]
    done = [one for path in receipts(ahead) for one in lines(path.with_suffix(".jsonl"))]
    before = len(server.requests)
    assert 0 < len(done) < len(asked)
    assert not (tmp_path / "report.html").exists()

    found = figures(evaluate(server, tmp_path, *words))

    assert found == plain
    again = [question_in(body) for body in server.requests[before:]]
    assert len([one for one in again if one in asked]) == len(asked) - len(done)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["release", "report.html"]


def receipts(ahead: Path) -> list[Path]:
    return sorted((ahead / ".answers.jsonl.shards").glob("*.json"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def end(processes: list[psutil.Process]) -> None:
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(processes, timeout=10)
