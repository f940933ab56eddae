"""`stumper classify`, `judge` and `evaluate` with --engine, as typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import stumper
from tests.fake_endpoint import FakeEndpoint, fake_endpoint
from tests.shards.inputs import questions


@pytest.fixture(scope="module")
def server() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as running:
        yield running


def test_classify_says_and_writes_the_same_with_an_engine(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(questions(40))
    words = ("classify", "in.jsonl", "--json", "--out")

    plain = stumper(*words, "plain.jsonl", folder=tmp_path)
    sharded = stumper(*words, "out.jsonl", "--engine", "local", "--shard-rows", "7", folder=tmp_path)

    assert plain.returncode == 0
    assert sharded == plain
    assert "line 7: no JSON" in sharded.stderr
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "plain.jsonl").read_bytes()


def test_a_panel_says_and_writes_the_same_with_an_engine(tmp_path: Path, server: FakeEndpoint) -> None:
    said = ["It is red.", "blue", None, "red"]
    lines = [
        {"question": f"What colour is ball {n}?", "model_answer": said[n % 4], "correct_answer": "red"}
        for n in range(10)
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, lines)))
    judges = [part for name in ("judge", "judge-two") for part in ("--model", f"openai:{server.url}#{name}")]
    words = ("judge", "in.jsonl", "--judge", "panel", *judges, "--json", "--out")

    plain = stumper(*words, "plain.jsonl", folder=tmp_path)
    sharded = stumper(*words, "out.jsonl", "--engine", "local", "--shard-rows", "3", folder=tmp_path)

    assert plain.returncode == 0, plain.stderr
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "plain.jsonl").read_bytes()
    assert _timeless(sharded.stdout) == _timeless(plain.stdout)
    assert not list(tmp_path.glob(".*"))


def _timeless(line: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(line)
    for judge in told["panel"]["judges"]:
        judge.pop("latency_s")
    return told


def test_gpus_are_for_ray_alone(tmp_path: Path) -> None:
    ended = stumper("evaluate", "r", "--base", "onnx:", "--tuned", "onnx:", "--gpus", "1", folder=tmp_path)

    assert ended.returncode == 1
    assert "--gpus is for --engine ray" in ended.stderr
