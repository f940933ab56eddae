"""The look of pages that are one file and open anywhere, offline, on a phone or a desk, in light or dark.

Style and font are inside, charts are drawn by `drawing`, text from outside is escaped.
"""

from __future__ import annotations

import base64
import math
import os
import tempfile
from importlib.resources import files
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


def pages(package: str = "stumper.release") -> Environment:
    """Returns the templates of a package, with ``paper.css`` and the filters of figures."""
    found = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("stumper.release")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["percent"] = percent
    found.filters["category"] = lambda name: "colour" if name == "color" else name
    found.filters["thousands"] = lambda value: f"{value:,}"
    found.globals["font"] = font()
    return found


def percent(value: float | None) -> str:
    """Returns whole percents, or a dash for None and nan."""
    return f"{value:.0%}" if value is not None and math.isfinite(value) else "–"


def font() -> str:
    """Returns the font of the game's pages as base64; a page falls back on the system's without it."""
    found = files("stumper").joinpath("front/static/fonts/fredoka-latin.woff2")
    return base64.b64encode(found.read_bytes()).decode() if found.is_file() else ""


def write_whole(path: Path, text: str) -> Path:
    """Writes the text whole or not at all; returns its path. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".page-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
        Path(name).chmod(0o644)  # mkstemp made it private
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return path
