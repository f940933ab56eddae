"""Which files a path means, and which split each stands for. Nothing is read here but names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from stumper.errors import BadDataset
from stumper.release.audit.records import Source

SUFFIXES: Final = (".jsonl", ".json", ".parquet", ".tsv", ".csv")
_SPLITS: Final = {"valid": "val", "validation": "val", "dev": "val", "eval": "val", "train": "train"}
_ORDER: Final = {"train": 0, "val": 1, "test": 2}
_SPLIT: Final = re.compile(r"^(train|valid|validation|val|dev|eval|test)(?![a-z])", re.IGNORECASE)


def sources(path: Path, against: Sequence[Path] = ()) -> list[Source]:
    """Returns the files to read in order, each with a split of its own unless a folder gives it several.

    A folder may hold one file a split (``train.jsonl``, ``data/validation-00000-of-00002.parquet``), as
    releases and data sets of the Hugging Face Hub do. Raises BadDataset for anything else.
    """
    groups = [_files(one) for one in (path, *against)]
    labels = [{_label(file) for file in files} for files in groups]
    found: list[Source] = []
    for files, own in zip(groups, labels, strict=True):
        others = set().union(*(other for other in labels if other is not own))
        for file in files:
            label = _label(file)
            found.append(Source(file, f"{file.parent.name}/{label}" if label in others else label))
    return found


def _files(path: Path) -> list[Path]:
    try:
        if path.is_dir():
            return _in_folder(path)
        is_there = path.exists()
    except OSError as error:
        raise BadDataset(f"{path} cannot be read: {error.strerror}. Name another file or folder.") from error
    if not is_there:
        near = get_close_matches(path.name, [one.name for one in _listing(path.parent)], n=1)
        raise BadDataset(f"{path} does not exist." + (f" Did you mean {near[0]}?" if near else ""))
    return [path]


def _in_folder(folder: Path) -> list[Path]:
    files = [one for place in (folder, folder / "data") for one in _listing(place) if one.is_file()]
    for suffix in SUFFIXES:
        of_splits = [one for one in files if one.suffix == suffix and _SPLIT.match(one.stem)]
        if of_splits:
            return sorted(of_splits, key=lambda one: (_ORDER.get(_label(one), 0), one.stem))
    names = [str(one.relative_to(folder)) for one in files if one.suffix in SUFFIXES]
    some = ", ".join(names[:5]) or "no data file"
    raise BadDataset(
        f"{folder} is a folder without train.jsonl or the like; it holds {some}. Name one file, and others "
        "that must not share its pictures with --against."
    )


def _listing(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _label(path: Path) -> str:
    """'validation-00000-of-00002' -> 'val', 'my_questions' -> 'my_questions'."""
    found = _SPLIT.match(path.stem)
    name = found[1].casefold() if found else path.stem
    return _SPLITS.get(name, name)
