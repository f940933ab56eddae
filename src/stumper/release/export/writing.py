"""What all formats share: a folder that appears whole or not at all, pictures beside it, lines of JSON."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from stumper.errors import BadInput
from stumper.records import Split
from stumper.release.export.fit import Tally
from stumper.release.export.source import Source
from stumper.release.formats import Row


class Images(StrEnum):
    """How pictures get to an export: copied, as hard links to the release's own, or by absolute path."""

    COPY = "copy"
    LINK = "link"
    ABSOLUTE = "absolute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One export being written."""

    source: Source
    folder: Path
    """Where files are written now."""
    splits: tuple[Split, ...]
    images: Images
    tally: Tally

    def picture(self, row: Row, into: Path) -> str:
        """Puts the row's picture into a folder of the export, once; returns its name for a reader.

        That is ``FOLDER/FILE``, or the absolute path in the release. Two rows about one picture share a file.
        """
        found = self.source.picture(row)
        if self.images is Images.ABSOLUTE:
            return str(found)
        target = into / found.name
        if not target.exists():
            into.mkdir(parents=True, exist_ok=True)
            if self.images is Images.LINK:
                os.link(found, target)
            else:
                shutil.copyfile(found, target)
        return f"{into.name}/{found.name}"


@contextmanager
def whole(place: Path) -> Iterator[Path]:
    """Yields a folder to write in, beside ``place``; it is moved there in one step when the block ends well.

    Raises BadInput if something lies there already or a file cannot be written; then nothing is left.
    """
    try:
        if place.exists() or place.is_symlink():
            raise BadInput(f"{place} is there already. Name a folder that is not, or remove it first.")
        place.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
        try:
            yield folder
            folder.chmod(0o755)  # mkdtemp made it private
            folder.rename(place)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        hint = " Leave out --images link: it works on one disk only." if error.errno == errno.EXDEV else ""
        raise BadInput(
            f"{error.filename or place}: {error.strerror}. {place} was not written.{hint}"
        ) from error


def one_line(record: Any) -> str:
    """Returns a value as JSON that no reader cuts in two: it holds no line end in any reader's sense.

    JSON leaves U+0085, U+2028 and U+2029 as they are, and `str.splitlines` breaks lines there.
    """
    text = json.dumps(record, ensure_ascii=False)
    for sign in "\x85\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def write_lines(path: Path, records: Iterable[Any]) -> None:
    """Writes one JSON value a line, with Unix line ends on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(one_line(record) + "\n" for record in records)


def write_json(path: Path, value: Any) -> None:
    """Writes one value for people and programs to read."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
