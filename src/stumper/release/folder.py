"""A release folder while it is written: every file is hashed as its bytes pass by, so that none is read
again.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any


class Folder:
    """Counts and hashes what is written below ``root``; files are named with '/'."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, str] = {}
        """Path inside the folder -> SHA-256, of the files that are finished."""
        self.written = 0
        """Bytes in all files so far."""

    def create(self, name: str) -> Tape:
        """Returns a new file to be written from its beginning to its end, and closed."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return Tape(self, name, path)

    def put(self, name: str, data: bytes) -> None:
        """Writes a whole file."""
        with self.create(name) as file:
            file.write(data)

    def rename(self, old: str, new: str) -> None:
        """Gives a finished file its last name."""
        (self.root / old).rename(self.root / new)
        self.files[new] = self.files.pop(old)


class Tape(io.RawIOBase):
    """A file of a folder; its digest is known when it is closed. pyarrow writes to it as to any file."""

    def __init__(self, folder: Folder, name: str, path: Path) -> None:
        super().__init__()
        self._folder, self._name = folder, name
        self._file = path.open("wb")
        self._hash = hashlib.sha256()
        self._place = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def write(self, data: Any, /) -> int:
        """Writes all of the bytes. Raises OSError on a full disk."""
        view = memoryview(data)
        self._file.write(view)
        self._hash.update(view)
        self._place += view.nbytes
        self._folder.written += view.nbytes
        return view.nbytes

    def line(self, text: str) -> None:
        """Writes a line of text, with a Unix line end on every system."""
        self.write(f"{text}\n".encode())

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._file.close()
            self._folder.files[self._name] = self._hash.hexdigest()
