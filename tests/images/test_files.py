"""The folder adapter of the Files port."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.errors import NotFound, StoreError
from stumper.images.files import FolderFiles, RememberedFiles, content_key


async def test_keeps_bytes_under_their_digest(files: FolderFiles, tmp_path: Path) -> None:
    key = await files.put(b"abc", suffix=".png")
    digest = hashlib.sha256(b"abc").hexdigest()
    assert key == f"{digest[:2]}/{digest}.png"
    assert await files.get(key) == b"abc"
    assert await files.exists(key)
    assert (tmp_path / "files" / key).read_bytes() == b"abc"


async def test_storing_twice_writes_once(files: FolderFiles, tmp_path: Path) -> None:
    key = await files.put(b"abc", suffix=".png")
    written = (tmp_path / "files" / key).stat().st_mtime_ns
    assert await files.put(b"abc", suffix=".png") == key
    assert (tmp_path / "files" / key).stat().st_mtime_ns == written


async def test_many_writers_of_the_same_bytes_leave_one_whole_file(
    files: FolderFiles, tmp_path: Path
) -> None:
    data = os.urandom(200_000)
    keys = await asyncio.gather(*(files.put(data, suffix=".bin") for _ in range(20)))
    assert set(keys) == {content_key(data, suffix=".bin")}
    assert [path.name for path in (tmp_path / "files").rglob("*.*")] == [keys[0].partition("/")[2]]
    assert await files.get(keys[0]) == data


async def test_says_which_file_is_gone(files: FolderFiles) -> None:
    key = content_key(b"never stored", suffix=".png")
    assert not await files.exists(key)
    with pytest.raises(NotFound, match=r"is not in .*Restore that folder"):
        await files.get(key)


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "/etc/passwd", "", "ab/../ab/x.png", f"ab/{'a' * 64}.png\n"]
)
async def test_no_key_leads_out_of_the_folder(files: FolderFiles, key: str) -> None:
    for asked in (files.get, files.exists):
        with pytest.raises(NotFound, match="is no key"):
            await asked(key)


async def test_says_that_the_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match=r"Nothing can be written .*STUMPER_FILES"):
        await FolderFiles(tmp_path / "blocked").put(b"abc", suffix=".png")


async def test_a_failed_write_leaves_nothing_behind(
    files: FolderFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        await files.put(b"abc", suffix=".png")
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


@given(st.binary(max_size=200), st.sampled_from([".png", ".jpg", ".webp"]))
def test_equal_bytes_have_equal_keys_and_only_they(data: bytes, suffix: str) -> None:
    assert content_key(data, suffix=suffix) == content_key(bytes(data), suffix=suffix)
    assert content_key(data, suffix=suffix) != content_key(data + b"\0", suffix=suffix)


async def test_what_was_asked_for_lately_is_read_once(files: FolderFiles, tmp_path: Path) -> None:
    remembered = RememberedFiles(files, most_bytes=5)
    first, second = [await remembered.put(data, suffix=".png") for data in (b"abc", b"def")]
    assert await remembered.get(first) == b"abc"

    (tmp_path / "files" / first).unlink()
    assert await remembered.get(first) == b"abc"
    assert await remembered.get(second) == b"def"  # the first has to make room
    with pytest.raises(NotFound):
        await remembered.get(first)


async def test_a_file_larger_than_the_memory_is_served(files: FolderFiles) -> None:
    remembered = RememberedFiles(files, most_bytes=2)
    key = await remembered.put(b"abc", suffix=".png")

    assert [await remembered.get(key) for _ in range(2)] == [b"abc", b"abc"]
