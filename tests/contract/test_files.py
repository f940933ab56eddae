"""What every store of pictures must do: a folder and a bucket pass the same tests.

The bucket is that of `tests/fake_s3.py`, and moto's beside it where `make test-interop` has installed that.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from stumper.errors import NotFound
from stumper.images.bucket import Access, BucketFiles
from stumper.images.files import Files, FolderFiles, RememberedFiles, content_key
from tests.fake_s3 import KEY, SECRET, fake_s3

MOTO = Path(__file__).parents[2] / ".venv-interop-moto" / "bin" / "moto_server"
MAKE = """
import boto3, sys
account = dict(aws_access_key_id="x", aws_secret_access_key="y", region_name="us-east-1")
boto3.client("s3", endpoint_url=f"http://127.0.0.1:{sys.argv[1]}", **account).create_bucket(Bucket="pictures")
"""


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    if not MOTO.exists():
        pytest.skip("moto is not installed here: make test-interop")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with subprocess.Popen(
        [MOTO, "-H", "127.0.0.1", "-p", str(port)],
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            _until_it_listens(port)
            subprocess.run([MOTO.with_name("python"), "-c", MAKE, str(port)], check=True)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()


def _until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.fixture(params=["folder", "remembered", "bucket", "moto"])
async def files(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Files]:
    if request.param == "folder":
        yield FolderFiles(tmp_path / "files")
    elif request.param == "remembered":
        yield RememberedFiles(FolderFiles(tmp_path / "files"))
    elif request.param == "bucket":
        with fake_s3() as server:
            server.page = 2
            yield BucketFiles("pictures", "a/b", Access(endpoint=server.url, key=KEY, secret=SECRET))
    else:
        url = request.getfixturevalue("moto")
        yield BucketFiles("pictures", tmp_path.name, Access(endpoint=url, key=KEY, secret=SECRET))


async def names(files: Files) -> list[str]:
    return sorted([one.name async for one in files.stored()])


async def test_bytes_come_back_by_their_digest(files: Files) -> None:
    key = await files.put(b"abc", suffix=".png")

    digest = hashlib.sha256(b"abc").hexdigest()
    assert key == f"{digest[:2]}/{digest}.png"
    assert await files.get(key) == b"abc"
    assert await files.exists(key)


async def test_the_same_bytes_are_there_once(files: Files) -> None:
    keys = [await files.put(b"abc", suffix=".png") for _ in range(2)]

    assert len(set(keys)) == 1
    assert await names(files) == keys[:1]


async def test_many_writers_of_the_same_bytes_leave_one_whole_file(files: Files) -> None:
    data = os.urandom(200_000)

    keys = await asyncio.gather(*(files.put(data, suffix=".bin") for _ in range(20)))

    assert set(keys) == {content_key(data, suffix=".bin")} == set(await names(files))
    assert await files.get(keys[0]) == data


async def test_a_picture_of_the_largest_size_comes_back(files: Files) -> None:
    data = os.urandom(12_000_000)

    assert await files.get(await files.put(data, suffix=".png")) == data


async def test_what_is_not_there_is_said(files: Files) -> None:
    key = content_key(b"never stored", suffix=".png")

    assert not await files.exists(key)
    with pytest.raises(NotFound, match=r"is not in .*Restore that"):
        await files.get(key)


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "/etc/passwd", "", "ab/../ab/x.png", f"ab/{'a' * 64}.png\n"]
)
async def test_no_key_leads_out(files: Files, key: str) -> None:
    for asked in (files.get, files.exists):
        with pytest.raises(NotFound, match="is no key"):
            await asked(key)


async def test_looking_for_a_fault_leaves_nothing(files: Files) -> None:
    assert await files.fault() == ""
    assert await names(files) == []


async def test_all_that_is_there_is_listed_with_its_time(files: Files) -> None:
    keys = [await files.put(bytes([n]), suffix=".png") for n in range(5)]

    found = [one async for one in files.stored()]

    assert sorted(one.name for one in found) == sorted(keys)
    assert all(abs(one.at - time.time()) < 60 for one in found)
