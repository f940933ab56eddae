"""The first sheet of an ``.xlsx`` file, which is how VLMEvalKit keeps answers and verdicts.

An ``.xlsx`` file is a zip of XML (ECMA-376): cells with a place ("C7"), texts mostly in one shared list.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LARGEST: Final = 200_000_000
"""Bytes of XML; DocVQA's five thousand answers take a hundredth of it."""


def sheet(path: Path) -> list[dict[str, Any]]:
    """Returns the rows under the first one, by its names; cells are text. Raises OSError, ValueError."""
    try:
        with zipfile.ZipFile(path) as packed:
            shared = _texts(packed)
            root = _xml(packed, "xl/worksheets/sheet1.xml")
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError) as error:
        raise ValueError(f"it is no whole .xlsx file: {error}") from error
    rows = [_cells(row, shared) for row in root.iter(f"{_MAIN}row")]
    if len(rows) < 2:
        raise ValueError("it has no rows")
    head, *rest = rows
    return [{name: row.get(column, "") for column, name in head.items()} for row in rest]


def _texts(packed: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in packed.namelist():
        return []
    return [
        "".join(text.text or "" for text in one.iter(f"{_MAIN}t"))
        for one in _xml(packed, "xl/sharedStrings.xml")
    ]


def _xml(packed: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if packed.getinfo(name).file_size > _LARGEST:
        raise ValueError(f"{name} in it is larger than {_LARGEST:,} bytes")
    text = packed.read(name)
    if b"<!DOCTYPE" in text:  # no writer of sheets makes one; entities are how XML is made to swell
        raise ValueError(f"{name} in it declares entities")
    return ElementTree.fromstring(text)  # noqa: S314 - without a DOCTYPE there are no entities


def _cells(row: ElementTree.Element, shared: list[str]) -> dict[str, str]:
    """Returns the texts of a row's cells by the letters of their columns."""
    found = {}
    for cell in row.iter(f"{_MAIN}c"):
        column = re.sub(r"\d", "", cell.get("r", ""))
        if cell.get("t") == "inlineStr":
            found[column] = "".join(text.text or "" for text in cell.iter(f"{_MAIN}t"))
            continue
        value = cell.findtext(f"{_MAIN}v") or ""
        if cell.get("t") == "s":
            try:
                value = shared[int(value)]
            except IndexError as error:
                raise ValueError(f"cell {cell.get('r')} names a text that is not there") from error
        found[column] = value
    return found
