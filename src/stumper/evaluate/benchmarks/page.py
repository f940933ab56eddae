"""The table of benchmarks as a page of its own: one HTML file, in the look of a round's report."""

from __future__ import annotations

from pathlib import Path

from stumper.evaluate.benchmarks.table import Table
from stumper.release.paper import pages, write_whole


def render_benchmarks(table: Table) -> str:
    """Returns the page; the same table gives the same text."""
    return pages("stumper.evaluate").get_template("benchmarks.html").render(table=table)


def write_benchmarks(path: Path, table: Table) -> Path:
    """Writes the page whole or not at all; returns its path."""
    return write_whole(path, render_benchmarks(table))
