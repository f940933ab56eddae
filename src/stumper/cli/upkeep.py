"""Commands that keep an installation up: check, doctor, backup, restore. No rule lives here."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape

from stumper.app import build
from stumper.cli.shared import JsonOption, err, out, run
from stumper.config import load
from stumper.upkeep.backup import back_up
from stumper.upkeep.check import check_store
from stumper.upkeep.checker.journal import read_journals
from stumper.upkeep.doctor import examine
from stumper.upkeep.finding import Finding, State, some
from stumper.upkeep.restore import forgotten_in
from stumper.upkeep.restore import restore as restored

_COLOURS: Final = {State.OK: "green", State.WARN: "yellow", State.WRONG: "bold red"}


def check(
    journal: Annotated[
        list[Path] | None,
        typer.Option(exists=True, help="Moves that a client saw acknowledged, a line each."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Do not read every picture.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Adds up again all that is stored, by rules written a second time; status 1 if anything differs."""

    async def work() -> list[Finding]:
        async with build(load(), prepare=False) as app:
            return await check_store(
                app.database,
                files=app.files,
                releases=app.settings.data / "releases",
                hashes=not quick,
                told=read_journals(journal or []),
            )

    tell(run(work()), as_json=as_json)


def tell(found: Sequence[Finding], *, as_json: bool) -> None:
    """Prints a line each, with the way out below; status 1 if anything is wrong."""
    wrong = any(one.state is State.WRONG for one in found)
    if as_json:
        line = {"ok": not wrong, "findings": [asdict(one) for one in found]}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    else:
        for one in found:
            mark = f"[{_COLOURS[one.state]}]{one.state:5}[/]"
            out.print(f"{mark} {one.name}: {escape(one.said)}", highlight=False, soft_wrap=True)
            if one.way_out and one.state is not State.OK:
                out.print(f"      {escape(one.way_out)}", highlight=False, soft_wrap=True)
    if wrong:
        raise typer.Exit(1)


def doctor(
    last: Annotated[
        Path | None, typer.Option("--backup", metavar="BACKUP", help="The newest backup: is it old?")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Says what is wrong with this installation, and what to do; status 1 if anything is."""
    tell(run(examine(load(), backup=last)), as_json=as_json)


def backup(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder.")],
    as_json: JsonOption = False,
) -> None:
    """Copies database, jobs, pictures, releases and models to a new folder while players play on."""
    made = run(back_up(load(), target, now=time.time()))
    if as_json:
        sys.stdout.write(json.dumps({"folder": str(target), **asdict(made)}) + "\n")
        return
    out.print(f"{escape(str(target))}: schema {made.schema}, {len(made.files):,} files", soft_wrap=True)
    if made.bucket:
        out.print(
            f"[yellow]The pictures are in {escape(made.bucket)} and not in it:[/] keep a copy of that too.",
            soft_wrap=True,
        )
    out.print("It holds what players typed and the secret of their cookies: keep it like the original.")


def restore(
    folder: Annotated[Path, typer.Argument(metavar="BACKUP", help="A folder that `stumper backup` made.")],
    forgotten: Annotated[
        list[Path] | None,
        typer.Option(help="Ids of players forgotten since, one a line, or a newer backup that knows them."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Restores a backup into an empty place, forgets again who was forgotten since, and checks it all."""
    ids = [id_ for path in forgotten or [] for id_ in forgotten_in(path)]
    done = run(restored(load(), folder, forgotten=ids, now=time.time()))
    made = datetime.fromtimestamp(done.manifest.made_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if not as_json:
        out.print(f"Restored as it was on {made}; forgotten again: {len(done.forgotten):,}.", highlight=False)
        if done.unknown:
            err.print(
                f"[yellow]{len(done.unknown):,} ids to forget are of no player in it:[/] "
                f"{escape(some(done.unknown))}. Ids that came later may be; others are mistyped.",
                highlight=False,
                soft_wrap=True,
            )
        if not forgotten:
            err.print(
                f"[yellow]Players who asked to be forgotten after {made} are in it again.[/] Forget them "
                "before anybody plays: stumper forget PLAYER, or restore with --forgotten.",
                highlight=False,
                soft_wrap=True,
            )
    tell(done.findings, as_json=as_json)
