"""A full disk and a kill in the middle of a release, in processes of their own: nothing of it is ever
visible.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stumper.images.files import FolderFiles
from stumper.release import freeze, verify_release
from stumper.store.database import Database
from tests.release.rows import CAMPAIGN, FIRST, accept, facts, open_campaign

ROOT = Path(__file__).parents[2]
FREEZE = """
import asyncio, errno, io, sys
from pathlib import Path
from stumper.errors import StoreError
from stumper.images.files import FolderFiles
from stumper.release import folder, freeze
from stumper.store.database import Database
from tests.release.rows import CAMPAIGN, FIRST

{prelude}

async def main(where):
    database = Database(f"sqlite:///{{where}}/a.db")
    made = await freeze(database, FolderFiles(where / "files"), campaign_id=CAMPAIGN, round_id=FIRST,
                        out=where / "out", seed=1, now=3.0)
    print(made.id)

try:
    asyncio.run(main(Path(sys.argv[1])))
except StoreError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
"""
FULL = """
written = folder.Tape.write

def full(self, data):
    if self._folder.written > {limit}:
        raise OSError(errno.ENOSPC, "No space left on device")
    return written(self, data)

folder.Tape.write = full
"""
SLOW = """
import time
written = folder.Tape.write

def slow(self, data):
    print("writing", flush=True)
    time.sleep(0.02)
    return written(self, data)

folder.Tape.write = slow
"""


@pytest.fixture
async def where(sqlite_template: Path, tmp_path: Path) -> Path:
    """A folder with a database of 24 examples, and their pictures."""
    shutil.copy(sqlite_template, tmp_path / "a.db")
    database = Database(f"sqlite:///{tmp_path}/a.db")
    await open_campaign(database)
    await accept(database, FolderFiles(tmp_path / "files"), facts(24, each=1))
    await database.close()
    return tmp_path


def start(where: Path, prelude: str) -> subprocess.Popen[str]:
    code = FREEZE.format(prelude=prelude)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(where)], cwd=ROOT, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
    )  # fmt: skip


async def freeze_here(where: Path) -> Path:
    database = Database(f"sqlite:///{where}/a.db")
    made = await freeze(
        database, FolderFiles(where / "files"), campaign_id=CAMPAIGN, round_id=FIRST, out=where / "out",
        seed=1, now=3.0,
    )  # fmt: skip
    await database.close()
    return Path(made.path)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1_500, 9_000], ids=["among the pictures", "in a parquet file"])
async def test_a_full_disk_leaves_nothing_and_says_how_much_is_needed(where: Path, limit: int) -> None:
    failed = start(where, FULL.format(limit=limit))
    _, said = failed.communicate(timeout=60)

    assert failed.returncode == 3, said
    assert f"{where / 'out'} has no room for the release: about 0." in said
    assert "Exception ignored" not in said
    assert list((where / "out").iterdir()) == []
    verify_release(await freeze_here(where))


async def test_a_kill_in_the_middle_leaves_no_release_and_the_next_freeze_clears_up(where: Path) -> None:
    killed = start(where, SLOW)
    assert killed.stdout is not None
    for _ in range(20):
        killed.stdout.readline()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    left = [path.name for path in (where / "out").iterdir()]
    assert [name.startswith(".freezing-") for name in left] == [True]

    made = await freeze_here(where)

    verify_release(made)
    assert [path.name for path in (where / "out").iterdir()] == [made.name]
