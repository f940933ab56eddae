"""python docs/generate.py [--check]

Writes docs/reference from the code: settings, commands, addresses, errors, tables. With --check it writes
nothing and ends with an error if a page is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from fastapi import APIRouter
from fastapi.routing import APIRoute
from sqlalchemy.dialects import postgresql

from stumper import errors
from stumper.cli import cli
from stumper.cli.lazy import Later
from stumper.config import SECRET_NAMES, Settings
from stumper.front.web import ROUTERS
from stumper.store.schema import metadata

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py: change the code, then run `make docs`. -->\n"


def _table(*heads: str, rows: Iterator[tuple[str, ...]]) -> str:
    lines = [" | ".join(heads), " | ".join("---" for _ in heads), *map(_row, rows)]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def _row(cells: tuple[str, ...]) -> str:
    return " | ".join(cell.replace("|", "\\|") for cell in cells)


def settings() -> str:
    """Every field of ``Settings``."""

    def rows() -> Iterator[tuple[str, ...]]:
        for name, field in Settings.model_fields.items():
            file = "environment only" if name in SECRET_NAMES else f"`{name}`"
            default = "" if field.default in (None, "") else f"`{field.default}`"
            yield f"`STUMPER_{name.upper()}`", file, default, field.description or ""

    return (
        "# Settings\n\nThe environment beats `stumper.toml` in the working folder; both beat the default.\n\n"
        + _table("environment", "stumper.toml", "default", "what it is", rows=rows())
    )


def commands() -> str:
    """Every command with its arguments and options."""
    found = sorted(_commands(typer.main.get_command(cli), "stumper"))
    return "# Commands\n\n" + "\n".join(text for _, text in found)


def _commands(command: Any, name: str) -> Iterator[tuple[str, str]]:
    # Typer has a Click of its own: what counts is what its objects have, not of which class they are.
    if isinstance(command, Later):
        command = command.real
    if hasattr(command, "commands"):
        for part, inner in command.commands.items():
            yield from _commands(inner, f"{name} {part}")
        return
    summary = " ".join((command.help or "").split())
    rows = ((_spelled(one), one.help or "", _default(one.default)) for one in command.params)
    table = _table("option", "what it does", "default", rows=rows) if command.params else ""
    yield name, f"## {name}\n\n{summary}\n\n{table}"


def _spelled(parameter: Any) -> str:
    return f"`{', '.join(parameter.opts)}`" if parameter.param_type_name == "option" else parameter.name


def _default(value: object) -> str:
    shown = isinstance(value, str | int | float | Path) and value is not False and value != ""
    return f"`{value}`" if shown else ""


def addresses() -> str:
    """Every address of the web server."""

    def rows() -> Iterator[tuple[str, ...]]:
        for router, _ in ROUTERS:
            for route in _routes(router):
                summary = (route.endpoint.__doc__ or "").strip().split("\n")[0]
                yield "/".join(sorted(route.methods)), f"`{route.path}`", summary

    return "# Addresses of the web server\n\n" + _table("method", "path", "what it does", rows=rows())


def _routes(router: APIRouter) -> Iterator[APIRoute]:
    return (route for route in router.routes if isinstance(route, APIRoute))


def refusals() -> str:
    """Every error with the status and code that a client sees."""

    def rows(parent: type[errors.StumperError]) -> Iterator[tuple[str, ...]]:
        for kind in parent.__subclasses__():
            yield f"`{kind.code}`", str(kind.status), f"`{kind.__name__}`", f"`{parent.__name__}`"
            yield from rows(kind)

    return (
        "# Errors\n\nAn expected refusal has a code, a status, and a message with the way out.\n\n"
        + _table("code", "status", "class", "kind of", rows=rows(errors.StumperError))
    )


def tables() -> str:
    """Every table and column."""
    pages_of_tables = []
    for table in metadata.sorted_tables:
        rows = (
            (
                f"`{column.name}`",
                column.type.compile(postgresql.dialect()).lower(),
                "may be empty" if column.nullable else "",
                ", ".join(f"`{key.target_fullname}`" for key in column.foreign_keys),
            )
            for column in table.columns
        )
        pages_of_tables.append(f"## {table.name}\n\n" + _table("column", "type", "", "refers to", rows=rows))
    return "# Tables\n\nTimes are Unix seconds (UTC).\n\n" + "\n".join(pages_of_tables)


PAGES = {
    "settings.md": settings,
    "commands.md": commands,
    "addresses.md": addresses,
    "errors.md": refusals,
    "tables.md": tables,
}


def outdated() -> list[str]:
    """Names of the pages that differ from the code."""
    return [name for name, page in PAGES.items() if _kept(FOLDER / name) != NOTE + page()]


def _kept(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main() -> None:
    if "--check" in sys.argv[1:]:
        if found := outdated():
            sys.exit(f"out of date: {', '.join(found)}. Run `make docs`.")
        return
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(NOTE + page(), encoding="utf-8")


if __name__ == "__main__":
    main()
