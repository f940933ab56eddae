"""Commands about being forgotten: a player, and releases withdrawn for it. No rule lives here."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from stumper.accounts.aftermath import Aftermath, forget_everywhere
from stumper.app import build
from stumper.cli.shared import CampaignOption, JsonOption, err, operator, out, run
from stumper.config import load
from stumper.errors import BadRelease, Conflict
from stumper.records import PlayerId
from stumper.release.manifest import read_manifest
from stumper.release.withdraw import queries
from stumper.release.withdraw.queries import Listed
from stumper.release.withdraw.renew import ensure_current, successor

WithdrawnOption = Annotated[
    bool, typer.Option("--withdrawn", help="Use it though it was withdrawn: a player in it was forgotten.")
]


def forget(
    player_id: Annotated[str, typer.Argument(metavar="PLAYER", help="Id of the player.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: it cannot be undone.")] = False,
    delete_releases: Annotated[
        bool, typer.Option("--delete-releases", help="Also delete the folders of releases that held them.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Deletes all that a player typed and all that names them, and builds the next release without it."""
    if not yes:
        typer.confirm(f"Delete all that {player_id} typed, for good?", abort=True)

    async def work() -> Aftermath:
        async with build(load()) as app:
            return await forget_everywhere(
                app.database,
                app.files,
                PlayerId(player_id),
                data=app.settings.data,
                delete=delete_releases,
                now=app.clock(),
                actor=operator(),
            )

    done = run(work())
    if as_json:
        sys.stdout.write(json.dumps(_plain(done)) + "\n")
        return
    for line in _lines(done):
        out.print(line, soft_wrap=True, highlight=False)


def _plain(done: Aftermath) -> dict[str, object]:
    """What was forgotten, flat, as this command has always written it, and what followed."""
    gone = {**asdict(done.forgotten), "models": [one._asdict() for one in done.forgotten.models]}
    return {
        **gone,
        "renewed": [asdict(one) for one in done.renewed],
        "deleted": [asdict(one) for one in done.deleted],
    }


def _lines(done: Aftermath) -> Iterator[str]:
    gone = done.forgotten
    yield (
        f"{escape(gone.player_id)}: {gone.questions} questions, {gone.claims} claims, "
        f"{gone.examples} examples gone"
    )
    if not gone.scrubbed:
        yield (
            "Another process reads the database, so its log still holds old pages. "
            "Stop it and say this again."
        )
    for held in gone.releases:
        known = "not on this machine" if held.examples is None else f"{held.examples} examples"
        yield f"release {held.release_id} (version {held.version}): withdrawn, {known}, {escape(held.path)}"
    for model in gone.models:
        yield f"model {escape(model.tuned_ref)}: has seen it{', and plays now' if model.plays else ''}"
    for made in done.renewed:
        if made.release is None:
            yield f"{made.campaign}: no next release. {escape(made.problem)}"
        else:
            what = "built" if made.built else "there already"
            yield (
                f"{made.campaign}: release {made.release.id} (version {made.release.version}) {what}, "
                f"{made.release.examples} examples, {escape(made.release.path)}"
            )
    for folder in done.deleted:
        yield (
            f"{escape(folder.path)}: {escape(folder.problem) or ('deleted' if folder.there else 'not there')}"
        )
    yield from _next_steps(done)


def _next_steps(done: Aftermath) -> Iterator[str]:
    for made in done.renewed:
        if made.release is not None and done.forgotten.models:
            bases = dict.fromkeys(model.base_ref for model in done.forgotten.models)
            yield f"Next: stumper tune {escape(made.release.path)} --base {escape(next(iter(bases)))}"
    if any(model.plays for model in done.forgotten.models):
        yield "A model that has seen it plays until the round is closed with another: stumper round close"
    if done.forgotten.releases and not done.deleted:
        yield "The old folders are still there; --delete-releases deletes them"


def release_list(campaign: CampaignOption = None, as_json: JsonOption = False) -> None:
    """Lists the releases: examples, whether one was withdrawn, and what to use in its place."""

    async def work() -> list[Listed]:
        async with build(load()) as app, app.database.read() as tx:
            return await queries.listed(tx, campaign_name=campaign)

    found = run(work())
    known = [one.release for one in found]
    if as_json:
        rows = [{"campaign": one.campaign, **asdict(one.release)} for one in found]
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    table = Table("campaign", "version", "release", "examples", "withdrawn", "replaced by")
    for one in found:
        gone = one.release.withdrawn_at
        new = successor(one.release, known) if gone else None
        table.add_row(
            one.campaign,
            str(one.release.version),
            one.release.id,
            str(one.release.examples),
            datetime.fromtimestamp(gone, UTC).strftime("%Y-%m-%d") if gone else "",
            f"version {new.version}" if new else "nothing yet: stumper release build" if gone else "",
        )
    out.print(table)


def refuse_withdrawn(folder: Path, *, allowed: bool) -> None:
    """Raises Conflict for a release that the database knows as withdrawn; warns where it is ``allowed``.

    Without a database of its own a machine knows nothing of that, and says nothing.
    """
    config = load()
    try:
        release_id = read_manifest(folder).id
    except BadRelease:
        return  # whoever reads the folder says what is wrong with it
    if config.database_url.startswith("sqlite") and not Path(config.database_url.split("///")[-1]).exists():
        return

    async def work() -> None:
        async with build(config) as app:
            await ensure_current(app.database, release_id)

    try:
        run(work())
    except Conflict as error:
        if not allowed:
            raise
        err.print(f"[bold yellow]Warning:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
