"""The port to stored bytes, and its folder adapter; keys are digests, so nothing is stored twice.

The other adapter is `images.bucket`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
import tempfile
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from stumper.errors import NotFound, StoreError

REMEMBERED: Final = 64_000_000
"""Bytes of pictures kept in memory: some hundred photographs, or every picture of Toytown."""
_KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Stored:
    """One file that is there."""

    name: str
    """Its key; or another name, of what was not stored by this port or not to its end."""
    at: float
    """When it was written, in seconds since 1970."""


class Files(Protocol):
    """Content-addressed bytes; safe for concurrent calls and for several processes."""

    @property
    def where(self) -> str:
        """The folder or bucket, as a person would name it."""
        ...

    async def put(self, data: bytes, *, suffix: str) -> str:
        """Stores ``data`` and returns its key, ``ab/abcdef....png``.

        The same bytes again change nothing. ``suffix`` is ``.png``, ``.jpg`` or the like. Raises StoreError
        if nothing can be written.
        """
        ...

    async def get(self, key: str) -> bytes:
        """Returns the bytes of ``key``. Raises NotFound, and StoreError where nothing can be read."""
        ...

    async def exists(self, key: str) -> bool:
        """Raises NotFound for what is no key, and StoreError where it cannot be told."""
        ...

    async def fault(self) -> str:
        """Says in one line why nothing can be stored just now; empty if all is well."""
        ...

    def stored(self) -> AsyncIterator[Stored]:
        """Yields all that is there, in no order. Raises StoreError where it cannot be told."""
        ...


class FolderFiles:
    """Files in a folder; a reader sees a whole file or none, also after a crash while writing."""

    def __init__(self, root: Path) -> None:
        self.where = str(root)
        self._root = root

    async def put(self, data: bytes, *, suffix: str) -> str:
        key = content_key(data, suffix=suffix)
        await asyncio.to_thread(self._write, self._path(key), data)
        return key

    async def get(self, key: str) -> bytes:
        path = self._path(key)
        try:
            return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError as error:
            raise NotFound(
                f"The file {key} is not in {self._root}. Restore that folder or add it again."
            ) from error
        except OSError as error:
            raise StoreError(f"The file {path} cannot be read: {error.strerror}.") from error

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread(self._path(key).is_file)

    async def fault(self) -> str:
        return await asyncio.to_thread(unwritable, self._root)

    async def stored(self) -> AsyncIterator[Stored]:
        for path in await asyncio.to_thread(self._below):
            try:
                at = path.stat().st_mtime
            except FileNotFoundError:  # a writer has given it its name meanwhile
                continue
            yield Stored(path.relative_to(self._root).as_posix(), at)

    def _below(self) -> list[Path]:
        return sorted(path for path in self._root.rglob("*") if path.is_file())

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _write(self, path: Path, data: bytes) -> None:
        if path.is_file():
            return
        # A name of its own for each writer: two processes may store the same picture at the same time.
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                _write_through(temporary, data)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"Nothing can be written to {self._root}: {error.strerror}. Free some space or choose "
                "another folder with STUMPER_FILES."
            ) from error


class RememberedFiles:
    """Files of which those asked for last stay in memory: a picture is shown and asked about several times.

    A key names its content, so that nothing remembered is ever stale.
    """

    def __init__(self, files: Files, *, most_bytes: int = REMEMBERED) -> None:
        self.where = files.where
        self._files = files
        self._left = most_bytes
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    async def put(self, data: bytes, *, suffix: str) -> str:
        return await self._files.put(data, suffix=suffix)

    async def get(self, key: str) -> bytes:
        """Returns the bytes of ``key``. Raises NotFound."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        data = await self._files.get(key)
        if key not in self._kept:  # another may have read it meanwhile
            self._kept[key] = data
            self._left -= len(data)
        while self._left < 0:
            self._left += len(self._kept.popitem(last=False)[1])
        return data

    async def exists(self, key: str) -> bool:
        return await self._files.exists(key)

    async def fault(self) -> str:
        return await self._files.fault()

    def stored(self) -> AsyncIterator[Stored]:
        return self._files.stored()


def unwritable(folder: Path) -> str:
    """Says why nothing can be written to a folder, or where it would be made; empty if all is well.

    Nothing is left there, and no folder is made.
    """
    there = next((one for one in (folder, *folder.parents) if one.exists()), Path())
    try:
        with tempfile.TemporaryFile(dir=there) as probe:
            probe.write(b"stumper")
    except OSError as error:
        return f"nothing can be written to {folder}: {error.strerror}"
    return ""


def is_key(name: str) -> bool:
    return bool(_KEY.fullmatch(name))


def checked_key(key: str) -> str:
    """Returns the key, which leads out of no folder and no prefix. Raises NotFound for anything else."""
    if not is_key(key):
        raise NotFound(f"{key!r} is no key of a stored file.")
    return key


def content_key(data: bytes, *, suffix: str) -> str:
    """Returns the key under which every adapter stores ``data``."""
    digest = hashlib.sha256(data).hexdigest()
    return f"{digest[:2]}/{digest}{suffix}"


def _write_through(path: Path, data: bytes) -> None:
    # Without the sync a power cut may leave a file of the right name and no content, which no one would
    # rewrite.
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
