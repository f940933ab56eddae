"""Pictures in a bucket when something is wrong with it: each fault is told in one line, without secrets."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stumper import checks
from stumper.app import build
from stumper.config import Settings, load
from stumper.errors import BadSetting, NotFound, StoreError
from stumper.images.bucket import Access, BucketFiles, Limits
from stumper.images.files import FolderFiles, content_key
from tests.fake_s3 import KEY, SECRET, FakeS3, fake_s3

QUICK = Limits(connect_s=0.5, silent_s=0.5, retries=1, whole_s=3)


@pytest.fixture
def server() -> Iterator[FakeS3]:
    with fake_s3() as running:
        yield running


def access(server: FakeS3) -> Access:
    return Access(endpoint=server.url, key=KEY, secret=SECRET)


def files_at(server: FakeS3, limits: Limits = QUICK) -> BucketFiles:
    return BucketFiles("pictures", "a/b", access(server), limits)


async def told(files: BucketFiles) -> str:
    """What is said of a bucket that is wrong: the same by every way in."""
    fault = await files.fault()
    assert fault.startswith(files.where)
    with pytest.raises(StoreError, match=r"cannot be stored: .*stumper doctor") as error:
        await files.put(b"abc", suffix=".png")
    why = fault.partition(": ")[2]
    assert why in str(error.value)
    assert error.value.__cause__ is None
    for one in (fault, str(error.value)):
        assert "\n" not in one
        assert KEY not in one
        assert SECRET not in one
    assert "127.0.0.1" not in str(error.value), "players may see it"
    return why


async def test_what_is_there_is_not_sent_again(server: FakeS3) -> None:
    files = files_at(server)

    for _ in range(3):
        key = await files.put(b"abc", suffix=".png")

    assert server.asked("PUT") == 1
    assert list(server.buckets["pictures"]) == [f"a/b/{key}"]


async def test_a_folder_that_is_copied_into_a_bucket_is_read_there(server: FakeS3, tmp_path: Path) -> None:
    key = await FolderFiles(tmp_path).put(b"abc", suffix=".png")
    server.buckets["pictures"][f"a/b/{key}"] = ((tmp_path / key).read_bytes(), time.time())

    assert await files_at(server).get(key) == b"abc"


async def test_an_absent_bucket_is_told_from_an_absent_picture(server: FakeS3) -> None:
    del server.buckets["pictures"]

    assert "there is no bucket 'pictures'" in await told(files_at(server))
    with pytest.raises(StoreError, match="there is no bucket"):
        await files_at(server).get(content_key(b"abc", suffix=".png"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"key": "AKIDNOBODY"}, "does not know the key AWS_ACCESS_KEY_ID"),
        ({"secret": "mistyped"}, "AWS_SECRET_ACCESS_KEY is not the secret"),
        ({"region": "eu-central-1"}, "not in the region 'eu-central-1'"),
        ({"endpoint": "http://127.0.0.1:1"}, "does not answer"),
    ],
)
async def test_what_is_wrong_with_the_settings_is_said(
    server: FakeS3, wrong: dict[str, str], said: str
) -> None:
    files = BucketFiles("pictures", "", replace(access(server), **wrong), QUICK)

    assert said in await told(files)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (301, "PermanentRedirect", "region"),
        (301, "", "region"),
        (403, "RequestTimeTooSkewed", "clocks"),
        (400, "ExpiredToken", "AWS_SESSION_TOKEN has expired"),
        (507, "QuotaExceeded", "is full"),
        (418, "Teapot", r"status 418 \(Teapot\)"),
        (500, "", "status 500"),
    ],
)
async def test_what_the_server_says_is_said(server: FakeS3, status: int, code: str, said: str) -> None:
    server.says = (status, code)

    with pytest.raises(StoreError, match=said):
        await files_at(server).get(content_key(b"abc", suffix=".png"))


async def test_a_key_that_may_only_read_is_told(server: FakeS3) -> None:
    key = await files_at(server).put(b"abc", suffix=".png")
    server.refused = {"PUT", "DELETE"}

    assert await files_at(server).get(key) == b"abc"
    assert await files_at(server).put(b"abc", suffix=".png") == key
    assert "has no right" in await files_at(server).fault()


async def test_a_key_that_may_not_list_or_delete_will_do(server: FakeS3) -> None:
    server.refused = {"HEAD", "LIST", "DELETE"}  # Amazon refuses a HEAD of what is not there to such a key
    files = files_at(server)

    assert await files.fault() == ""
    assert await files.get(await files.put(b"abc", suffix=".png")) == b"abc"
    with pytest.raises(StoreError, match=r"cannot be listed: .*no right"):
        [one async for one in files.stored()]
    with pytest.raises(StoreError, match=r"looked for: .*no right"):
        await files.exists(content_key(b"abc", suffix=".png"))


async def test_a_server_that_stumbles_is_asked_again(server: FakeS3) -> None:
    files = files_at(server, replace(QUICK, retries=3))
    server.failing = 2

    assert await files.get(await files.put(b"abc", suffix=".png")) == b"abc"

    server.failing = 100
    asked = len(server.requests)
    with pytest.raises(StoreError, match=r"status 503 \(SlowDown\)"):
        await files.get(content_key(b"abc", suffix=".png"))
    assert len(server.requests) - asked == 4, "tries are bounded"


async def test_a_silent_server_is_not_waited_for(server: FakeS3) -> None:
    files = files_at(server, Limits(silent_s=0.2, retries=1, whole_s=0.6))
    server.silent_s = 1.5
    began = time.monotonic()

    with pytest.raises(StoreError, match=r"no answer|does not answer"):
        await files.get(content_key(b"abc", suffix=".png"))

    assert time.monotonic() - began < 1.4


async def test_half_a_picture_is_none(server: FakeS3) -> None:
    files = files_at(server)
    key = await files.put(b"abcdef", suffix=".png")
    server.cut = True

    with pytest.raises(StoreError, match="cannot be read"):
        await files.get(key)


async def test_a_server_that_was_killed_is_used_again_when_it_is_back(server: FakeS3) -> None:
    files = files_at(server)
    key = await files.put(b"abc", suffix=".png")

    server.stop()
    for ask in (files.get(key), files.put(b"def", suffix=".png"), files.exists(key)):
        with pytest.raises(StoreError, match="does not answer"):
            await ask
    assert "does not answer" in await files.fault()

    server.start()
    assert await files.get(key) == b"abc"
    assert await files.get(await files.put(b"def", suffix=".png")) == b"def"
    assert await files.fault() == ""


async def test_a_server_that_is_killed_while_pictures_are_stored_has_whole_ones_only(server: FakeS3) -> None:
    files = files_at(server, replace(QUICK, retries=0))
    pictures = [bytes([n]) * 50_000 for n in range(60)]

    def kill() -> None:
        while server.asked("PUT") < 20:
            time.sleep(0.001)
        server.stop()

    async def put(one: bytes) -> str:
        try:
            return await files.put(one, suffix=".png")
        except StoreError:
            return ""

    killed = asyncio.create_task(asyncio.to_thread(kill))
    acknowledged = [key for one in pictures if (key := await put(one))]
    await killed
    server.start()

    assert 0 < len(acknowledged) < len(pictures)
    for key in acknowledged:
        assert content_key(await files.get(key), suffix=".png") == key


ENDS = """
import asyncio, sys
from stumper.images.bucket import Access, BucketFiles

async def once() -> None:
    files = BucketFiles("pictures", "", Access(endpoint=sys.argv[1], key=sys.argv[2], secret=sys.argv[3]))
    await files.get(await files.put(b"abc", suffix=".png"))

asyncio.run(once())
"""


def test_a_process_that_ends_after_a_reply_ends_well(server: FakeS3) -> None:
    command = [sys.executable, "-c", ENDS, server.url, KEY, SECRET]

    # With the library's async calls one of five aborted.
    for _ in range(6):
        running = [subprocess.Popen(command) for _ in range(2)]
        assert [one.wait(timeout=60) for one in running] == [0, 0]


def settings(folder: Path, server: FakeS3, **more: str) -> Settings:
    chosen = {"s3_endpoint": server.url, "s3_key": KEY, "s3_secret": SECRET, **more}
    return load(data=folder, model="scripted:", files="s3://pictures/a", **chosen)


async def test_a_start_says_that_the_bucket_is_wrong(server: FakeS3, tmp_path: Path) -> None:
    async with build(settings(tmp_path, server)) as app:
        assert await checks.start(app, role="web") == []
        server.refused = {"PUT"}
        (said,) = await checks.start(app, role="web")

    assert said.startswith("Warning: Pictures cannot be stored: s3://pictures/a at http://127.0.0.1")
    assert "has no right" in said
    assert "docs/guide/bucket.md" in said


async def test_pictures_are_remembered_in_front_of_a_bucket(server: FakeS3, tmp_path: Path) -> None:
    async with build(settings(tmp_path, server)) as app:
        key = await app.files.put(b"abc", suffix=".png")
        assert [await app.files.get(key) for _ in range(5)] == [b"abc"] * 5
        with pytest.raises(NotFound):
            await app.files.get(content_key(b"other", suffix=".png"))

    assert server.asked("GET") == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"files": "s3://"}, "write a folder, or s3://BUCKET/PREFIX"),
        ({"files": "s3://Pictures/a"}, "write a folder, or s3://BUCKET/PREFIX"),
        ({"files": "s3://pictures/../other"}, "write a folder, or s3://BUCKET/PREFIX"),
        ({"files": "s3://me:hunter2@pictures"}, "write a folder, or s3://BUCKET/PREFIX"),
        ({"files": "gs://pictures/a"}, "write a folder, or s3://BUCKET/PREFIX"),
        ({"s3_endpoint": "127.0.0.1:9000"}, "write https://HOST"),
        ({"s3_endpoint": "http://me:hunter2@host"}, "write https://HOST"),
        ({"s3_endpoint": "ftp://host"}, "write https://HOST"),
        ({"s3_secret": ""}, "come together"),
    ],
)
def test_settings_of_a_bucket_that_cannot_be_are_refused(wrong: dict[str, str], said: str) -> None:
    chosen = {"files": "s3://pictures/a", "s3_key": "k", "s3_secret": "s", **wrong}
    with pytest.raises(BadSetting, match=said) as error:
        load(**chosen)
    assert "hunter2" not in str(error.value)


def test_what_is_meant_for_another_program_does_not_matter_to_a_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:4566")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "alone")

    assert load().bucket is None
    with pytest.raises(BadSetting, match="AWS_ENDPOINT_URL is no address"):
        load(files="s3://pictures")


def test_settings_are_read_by_the_names_that_s3_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://store:8333/",
        "AWS_REGION": "auto",
        "AWS_ACCESS_KEY_ID": "one-key",
        "AWS_SECRET_ACCESS_KEY": "one-secret",
        "AWS_SESSION_TOKEN": "one-token",
        "STUMPER_FILES": "s3://pictures/a/b/",
    }.items():
        monkeypatch.setenv(name, value)

    found = Settings()

    assert (found.bucket, found.files_folder) == (("pictures", "a/b"), None)
    assert (found.s3_endpoint, found.s3_region) == ("http://store:8333/", "auto")
    assert {"one-key", "one-secret", "one-token"} <= found.secrets
    monkeypatch.setenv("STUMPER_S3_REGION", "eu-central-1")
    assert Settings().s3_region == "eu-central-1"


def test_a_secret_of_a_bucket_is_refused_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("s3_secret", "AWS_SECRET_ACCESS_KEY", "STUMPER_S3_SECRET"):
        (tmp_path / "stumper.toml").write_text(f'{name} = "s"\n')
        with pytest.raises(BadSetting, match="Set STUMPER_S3_SECRET instead"):
            load()
