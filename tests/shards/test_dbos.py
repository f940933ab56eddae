"""Shards on a queue: the same bytes, and nothing lost or done twice when a process is killed."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stumper.errors import BadSetting, JobFailed
from stumper.shards import Engine, Way, on_dbos
from stumper.shards.plan import cut
from stumper.shards.results import Job
from tests.shards.inputs import RULES, questions, ran
from tests.shards.processes import noted, start, wait_for


def numbered(folder: Path, rows: int) -> Path:
    source = folder / "in.jsonl"
    lines = [{"id": n, "question": f"how many cups {n}?"} for n in range(rows)]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return source


def test_the_queue_gives_the_bytes_of_the_plain_run(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(questions(33))

    plain = ran(source, tmp_path / "plain", Way())
    queued = ran(source, tmp_path / "queued", Way(engine=Engine.DBOS, rows=10, jobs_url="sqlite:///unused"))

    assert queued == plain
    assert len(queued.faults) == 4
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "plain", "queued"}


def test_a_shard_that_fails_is_named_and_tried_again_by_the_next_run(tmp_path: Path) -> None:
    source, target = numbered(tmp_path, 10), tmp_path / "out"
    way = Way(engine=Engine.DBOS, rows=5, jobs_url="sqlite:///unused")
    plain = ran(source, tmp_path / "plain", Way())
    in_the_way = tmp_path / ".out.shards"
    in_the_way.mkdir()
    job = Job(kind="classify", options={"model": None}, folder=str(in_the_way))
    blocked = in_the_way / f"{job.key(cut(source, rows=5)[1])}.json"
    blocked.mkdir()

    with pytest.raises(JobFailed, match="1 of 2 shards failed: lines 6 to 10: IsADirectoryError"):
        ran(source, target, way)
    blocked.rmdir()

    assert ran(source, target, way) == plain


def test_a_refusal_for_all_comes_through_as_it_is(tmp_path: Path) -> None:
    way = Way(engine=Engine.DBOS, rows=5, jobs_url="sqlite:///unused")

    with pytest.raises(BadSetting, match="The judge by rules asks no model"):
        ran(
            numbered(tmp_path, 10),
            tmp_path / "out",
            way,
            kind="judge",
            options=RULES | {"models": ["openai:x#y"]},
        )


class Queue:
    """Jobs of which only the queue is there."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.looks = 0

    async def unfinished(self, _queue: str) -> list[SimpleNamespace]:
        self.looks += 1
        if self.looks == 2:
            raise ConnectionError("the database is away")
        return [SimpleNamespace(workflow_id=name, status="ENQUEUED", executor_id=None) for name in self.names]

    async def put_back(self, _queue: str, lost: list[object]) -> None:
        assert lost == []

    async def join(self, name: str) -> str:
        return f"joined {name}"

    async def enqueue(self, _queue: str, *_: object, workflow_id: str) -> str:
        self.names.append(workflow_id)
        return workflow_id


async def test_two_files_of_the_same_lines_do_not_wait_for_each_others_results(tmp_path: Path) -> None:
    shards = cut(numbered(tmp_path, 10), rows=5)
    queue: Any = Queue()
    queue.looks = 9

    async def put(folder: str) -> list[Any]:
        job = Job(kind="classify", options={"model": None}, folder=folder)
        return list(await on_dbos._put(queue, None, job, shards))  # type: ignore[arg-type]

    first, other, again = await put("/a"), await put("/b"), await put("/a")

    assert again == [f"joined {name}" for name in first]
    assert len({*first, *other}) == 4


async def test_a_look_for_dead_workers_that_fails_is_not_the_last_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_dbos, "_LOOK_S", 0.01)
    queue: Any = Queue()
    async with on_dbos._watched(queue), asyncio.timeout(5):
        while queue.looks < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "dbos"])
def test_a_run_that_was_killed_goes_on_with_any_engine_and_repeats_only_what_was_in_hand(
    tmp_path: Path, engine: str
) -> None:
    source, target, diary = numbered(tmp_path, 30), tmp_path / "out", tmp_path / "diary"
    plain = ran(source, tmp_path / "plain", Way())
    killed = start(source, target, diary, engine=engine, hang="15")
    wait_for(diary, "15", killed)
    killed.kill()
    killed.wait()
    assert not target.exists()

    assert start(source, target, diary, engine=engine).wait(timeout=60) == 0

    assert target.read_bytes() == plain.written
    assert sorted(map(int, noted(diary))) == [0, 5, 10, 15, 15, 20, 25]  # two are taken at once, in any order
    assert not (tmp_path / ".out.shards").exists()


@pytest.mark.slow
def test_what_one_engine_began_another_ends(tmp_path: Path) -> None:
    source, target, diary = numbered(tmp_path, 20), tmp_path / "out", tmp_path / "diary"
    plain = ran(source, tmp_path / "plain", Way())
    killed = start(source, target, diary, engine="dbos", hang="10")
    wait_for(diary, "10", killed)
    killed.kill()
    killed.wait()

    assert ran(source, target, Way(engine=Engine.LOCAL, rows=5)) == plain
    assert len(set(noted(diary))) == len(noted(diary))


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_workers_take_shards_and_those_of_a_dead_one_are_done_by_others(
    tmp_path: Path, empty_url: str
) -> None:
    source, target, diary = numbered(tmp_path, 60), tmp_path / "out", tmp_path / "diary"
    plain = ran(source, tmp_path / "plain", Way())
    taken = tmp_path / "taken"
    worker = start(source, target, taken, engine="worker", url=empty_url, hang="*")
    try:
        wait_for(taken, "ready", worker)
        command = start(source, target, diary, engine="dbos", url=empty_url)
        deadline = time.monotonic() + 60
        while len(noted(taken)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        worker.kill()
        worker.wait()

    assert command.wait(timeout=60) == 0

    assert target.read_bytes() == plain.written
    assert sorted(map(int, noted(diary))) == list(range(0, 60, 5))  # also what the other had in hand
    assert noted(taken)[1] in noted(diary)
