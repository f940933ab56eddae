"""A finished release, opened to be read: every file is checked once, then rows come one at a time.

Nothing here holds more than a row: a release of a million examples is read in the memory of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stumper.errors import BadRelease
from stumper.records import Split
from stumper.release.formats import Row, parse
from stumper.release.manifest import Manifest, verify_release

HUB_NAMES: Final[Mapping[Split, str]] = {
    Split.TRAIN: "train",
    Split.VAL: "validation",
    Split.TEST: "test",
}
"""What the Hugging Face tools call the splits."""
_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Source:
    """A release whose files are as they were frozen."""

    folder: Path
    """Absolute."""
    manifest: Manifest

    def rows(self, split: Split) -> Iterator[Row]:
        """Yields the rows of one split in file order.

        Raises BadRelease for a line that is none, an id that is no plain word, or a picture that is not among
        the release's files: anybody can write a manifest that fits, and ids and pictures become paths.
        """
        for row in rows(self.folder, split):
            if not _ID.fullmatch(row.id):
                raise BadRelease(f"{self.folder} holds the id {row.id[:80]!r}. Build the release again.")
            if not row.image.startswith("images/") or row.image not in self.manifest.files:
                raise BadRelease(
                    f"{self.folder} does not hold the picture {row.image[:80]!r} of {row.id}. Build it again."
                )
            yield row

    def picture(self, row: Row) -> Path:
        """Returns where the picture of a row lies."""
        return self.folder / row.image

    def parquet(self, split: Split) -> list[str]:
        """Returns the release's own parquet files of a split, as paths inside the folder, in order."""
        start = f"data/{HUB_NAMES[split]}-"
        return sorted(name for name in self.manifest.files if name.startswith(start))


def open_release(folder: Path) -> Source:
    """Returns the release after hashing every file. Raises BadRelease if one is not as it was frozen."""
    return Source(folder.resolve(), verify_release(folder))


def rows(folder: Path, split: Split) -> Iterator[Row]:
    """Yields the rows of one split in file order, one line in memory. Raises BadRelease."""
    path = folder / f"{split}.jsonl"
    try:
        # a line ends at \n alone: a question may hold U+2028, which splitlines() takes for an end
        with path.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                if line != "\n":
                    yield parse(line.removesuffix("\n"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadRelease(f"{path} cannot be read. Name a folder made by `stumper release build`.") from error


def weight_of(row: Row) -> float:
    """Returns how much the row counts in a balanced mix; 1.0 in a release that keeps no weights."""
    return float(getattr(row, "weight", 1.0))
