"""Runs of a big file in processes of their own, so that they can be killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

# Classifies; writes the first id of each batch before it begins, and stays for a minute at one of them, or at
# the first ("*").
_CHILD = """
import sys, time
from pathlib import Path
from stumper.shards import Engine, Way, kinds, work_file

source, target, diary, hang, engine, url = sys.argv[1:]
labelled = kinds._labelled

def label(records):
    with open(diary, "a") as file:
        file.write(f"{records[0]['id']}\\n")
    if hang in ("*", str(records[0]["id"])):
        time.sleep(60)
    return labelled(records)

kinds._labelled = label
if engine == "worker":
    import asyncio
    from stumper.jobs import Jobs
    from stumper.shards.on_dbos import QUEUE, ShardWorker

    async def work():
        jobs = Jobs(url, worker="one", queues=[QUEUE])
        ShardWorker(jobs)
        async with jobs:
            Path(diary).write_text("ready\\n")
            await asyncio.sleep(60)

    asyncio.run(work())
else:
    way = Way(engine=Engine(engine), rows=5, jobs_url=url)
    work_file(Path(source), Path(target), "classify", {"model": None}, way=way, on_bad=lambda *_: None)
"""


def start(
    source: Path, target: Path, diary: Path, *, engine: str, url: str = "sqlite://", hang: str = ""
) -> subprocess.Popen[bytes]:
    """Starts a run of shards of five lines, or a ``worker``, that hangs at the line with the id ``hang``."""
    words = [str(source), str(target), str(diary), hang, engine, url]
    return subprocess.Popen([sys.executable, "-c", _CHILD, *words])


def noted(diary: Path) -> list[str]:
    return diary.read_text().split() if diary.exists() else []


def wait_for(diary: Path, line: str, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while line not in noted(diary):
        assert child.poll() is None, "the child ended"
        assert time.monotonic() < deadline, f"the child never came to {line!r}"
        time.sleep(0.05)
