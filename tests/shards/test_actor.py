"""What Ray calls, called without Ray."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from stumper.errors import BadSetting
from stumper.shards import Engine, Way
from stumper.shards.on_ray import Actor, _actors, _failures
from stumper.shards.plan import cut
from stumper.shards.results import Job, Results
from tests.shards.inputs import CLASSIFY, RULES, questions, ran


def batch(folder: Path, rows: int) -> dict[str, Any]:
    (folder / "in.jsonl").write_bytes(questions(10))
    shards = cut(folder / "in.jsonl", rows=rows)
    return {
        "number": list(range(len(shards))),
        "shard": [json.dumps(asdict(one)) for one in shards],
    }


def test_an_actor_does_its_batch_and_gives_a_row_a_shard(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    job = Job(kind="classify", options=CLASSIFY, folder=str(tmp_path / "results"))

    found = Actor(asdict(job))(batch(tmp_path, 5))

    assert found == {"number": ["0", "1"], "error": ["", ""], "refusal": ["", ""]}
    assert all(Results(job).receipt(one) for one in cut(tmp_path / "in.jsonl", rows=5))


def test_a_refusal_for_all_comes_through_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    options = RULES | {"models": ["openai:x#y"]}
    job = Job(kind="judge", options=options, folder=str(tmp_path / "results"))
    found = Actor(asdict(job))(batch(tmp_path, 10))
    row = {name: values[0] for name, values in found.items()}

    with pytest.raises(BadSetting, match="The judge by rules asks no model"):
        _failures(iter([row]), cut(tmp_path / "in.jsonl", rows=10), lambda _done: None)


@pytest.mark.parametrize(
    ("resources", "gpus", "shards", "actors"),
    [
        ({"CPU": 8.0}, 0.0, 100, 8),
        ({"CPU": 8.0}, 0.0, 3, 3),
        ({"CPU": 8.0, "GPU": 2.0}, 1.0, 100, 2),
        ({"CPU": 8.0, "GPU": 2.0}, 0.5, 100, 4),
        ({"CPU": 1.0, "GPU": 8.0}, 1.0, 100, 1),
    ],
)
def test_there_are_as_many_actors_as_there_is_room_and_work_for(
    resources: dict[str, float], gpus: float, shards: int, actors: int
) -> None:
    assert _actors(resources, gpus, shards) == actors


def test_a_cluster_without_the_gpus_is_refused() -> None:
    with pytest.raises(BadSetting, match="has 2 CPUs and 0 GPUs, an actor needs 1 and 1"):
        _actors({"CPU": 2.0}, 1.0, 5)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "localhost:x"])
def test_a_cluster_that_is_not_there_is_said(tmp_path: Path, address: str) -> None:
    (tmp_path / "in.jsonl").write_bytes(questions(5))

    with pytest.raises(BadSetting, match=f"No Ray cluster at '{address}'.*Correct STUMPER_RAY"):
        ran(tmp_path / "in.jsonl", tmp_path / "out", Way(engine=Engine.RAY, ray_address=address))


def test_without_the_extra_the_refusal_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    (tmp_path / "in.jsonl").write_bytes(questions(5))

    with pytest.raises(BadSetting, match=r"pip install 'stumper\[ray\]'"):
        ran(tmp_path / "in.jsonl", tmp_path / "out", Way(engine=Engine.RAY))
