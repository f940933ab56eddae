"""Long work survives: a job that was killed, failed or left goes on after its last finished step."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stumper.errors import Conflict, JobFailed, PoolEmpty, StoreError
from stumper.jobs import Jobs

# Writes a line for every step it begins, and hangs in the middle of step 2 the first time.
CHILD = """
import asyncio, pathlib, sys, time
from stumper.jobs import Jobs

url, diary, mode = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]

def note(line):
    with diary.open("a") as file:
        file.write(line + "\\n")

async def main():
    jobs = Jobs(url)

    @jobs.step("first")
    async def first(start):
        note("first")
        return start + 1

    @jobs.step("second")
    async def second(value):
        note("second")
        if mode == "hang":
            time.sleep(60)
        return value * 10

    @jobs.step("third")
    async def third(value):
        note("third")
        return value + 5

    @jobs.workflow("count")
    async def count(start):
        return await third(await second(await first(start)))

    async with jobs:
        print(await jobs.run(count, 1, workflow_id="only"), flush=True)

asyncio.run(main())
"""


def _start(url: str, diary: Path, mode: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(diary), mode],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _wait_for(diary: Path, line: str, child: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not diary.exists() or line not in diary.read_text().split():
        assert child.poll() is None, child.communicate()[0]
        assert time.monotonic() < deadline, f"the child never came to {line!r}"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_job_killed_in_step_2_goes_on_without_running_step_1_again(empty_url: str, tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    killed = _start(empty_url, diary, "hang")
    _wait_for(diary, "second", killed)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()

    resumed = _start(empty_url, diary, "go on")
    output, _ = resumed.communicate(timeout=60)

    assert output.strip() == "25"
    assert diary.read_text().split() == ["first", "second", "second", "third"]


class Steps:
    """A workflow of two steps on one ``Jobs``; ``fault`` is raised in the second until it is taken away."""

    def __init__(self, jobs: Jobs) -> None:
        self.ran: list[str] = []
        self.fault: Exception | None = None
        self.second_began = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

        @jobs.step("first")
        async def first(start: int) -> int:
            self.ran.append("first")
            return start + 1

        @jobs.step("second")
        async def second(value: int) -> int:
            self.ran.append("second")
            self.second_began.set()
            await self.gate.wait()
            if self.fault:
                raise self.fault
            return value * 10

        @jobs.workflow("both")
        async def both(start: int) -> int:
            return await second(await first(start))

        self.both = both


@pytest.fixture
async def jobs(tmp_path: Path) -> AsyncIterator[Jobs]:
    opened = Jobs(f"sqlite:///{tmp_path / 'jobs.db'}")
    yield opened
    await opened.close()


async def test_a_job_returns_what_its_workflow_returns(jobs: Jobs) -> None:
    steps = Steps(jobs)
    await jobs.launch()

    assert await jobs.run(steps.both, 1, workflow_id="a") == 20
    assert await jobs.finished("a") == ["first", "second"]


async def test_a_job_that_never_began_has_no_finished_steps(jobs: Jobs) -> None:
    await jobs.launch()

    assert await jobs.finished("nothing") == []


async def test_a_job_that_has_ended_gives_its_result_again_without_working(jobs: Jobs) -> None:
    steps = Steps(jobs)
    await jobs.launch()
    await jobs.run(steps.both, 1, workflow_id="a")

    assert await jobs.run(steps.both, 99, workflow_id="a") == 20
    assert steps.ran == ["first", "second"]


async def test_two_callers_of_one_job_share_its_work(jobs: Jobs) -> None:
    steps = Steps(jobs)
    await jobs.launch()

    results = await asyncio.gather(*(jobs.run(steps.both, 1, workflow_id="a") for _ in range(2)))

    assert results == [20, 20]
    assert steps.ran == ["first", "second"]


async def test_a_job_that_failed_is_tried_again_from_the_step_that_failed(jobs: Jobs) -> None:
    steps = Steps(jobs)
    await jobs.launch()
    steps.fault = OSError("no space left")
    with pytest.raises(JobFailed, match=r"'a' stopped at step 'second': no space left.*start it again"):
        await jobs.run(steps.both, 1, workflow_id="a")

    steps.fault = None

    assert await jobs.run(steps.both, 1, workflow_id="a") == 20
    assert steps.ran == ["first", "second", "second"]


async def test_an_expected_refusal_comes_through_as_it_is(jobs: Jobs) -> None:
    steps = Steps(jobs)
    await jobs.launch()
    steps.fault = PoolEmpty("Add images first.")

    with pytest.raises(PoolEmpty, match="Add images first"):
        await jobs.run(steps.both, 1, workflow_id="a")


async def test_a_caller_who_leaves_does_not_stop_the_job(jobs: Jobs) -> None:
    steps = Steps(jobs)
    steps.gate.clear()
    await jobs.launch()
    caller = asyncio.create_task(jobs.run(steps.both, 1, workflow_id="a"))
    await steps.second_began.wait()

    caller.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await caller
    steps.gate.set()

    assert await jobs.run(steps.both, 1, workflow_id="a") == 20
    assert steps.ran == ["first", "second"]


async def test_a_step_outside_a_workflow_is_a_plain_function(jobs: Jobs) -> None:
    @jobs.step("double")
    async def double(value: int) -> int:
        return 2 * value

    assert await double(4) == 8


async def test_a_second_process_cannot_take_the_same_work(empty_url: str, tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    first = _start(empty_url, diary, "hang")
    try:
        _wait_for(diary, "second", first)

        second = Jobs(empty_url)
        with pytest.raises(StoreError, match="another Stumper process"):
            await second.launch()
    finally:
        first.kill()
        first.communicate()


async def test_a_job_left_by_a_clean_stop_goes_on_at_the_next_start(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    first = Jobs(url)
    steps = Steps(first)
    steps.gate.clear()
    await first.launch()
    caller = asyncio.create_task(first.run(steps.both, 1, workflow_id="a"))
    await steps.second_began.wait()
    await first.close()
    with pytest.raises(asyncio.CancelledError):
        await caller

    second = Jobs(url)
    again = Steps(second)
    async with second:
        assert await second.run(again.both, 1, workflow_id="a") == 20
    assert again.ran == ["second"]


async def test_a_job_begun_by_another_version_is_refused_not_waited_for(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    old = Jobs(url, version="0.0.9")
    steps = Steps(old)
    steps.gate.clear()
    await old.launch()
    caller = asyncio.create_task(old.run(steps.both, 1, workflow_id="a"))
    await steps.second_began.wait()
    caller.cancel()
    await old.close()
    assert steps.ran == ["first", "second"]

    new = Jobs(url, version="0.1.0")
    again = Steps(new)
    async with new:
        with pytest.raises(Conflict, match=r"begun by Stumper 0\.0\.9"):
            await new.run(again.both, 1, workflow_id="a")
