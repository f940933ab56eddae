"""Commands of the game and of those who play it by machine. No rule lives here."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from stumper.app import build
from stumper.cli.shared import (
    CampaignOption,
    JsonOption,
    ModelOption,
    SeedOption,
    current_campaign,
    err,
    out,
    run,
    settings,
)
from stumper.config import Settings, load
from stumper.records import SessionId


def demo(
    players: Annotated[int, typer.Option(min=20, max=5000, help="Simulated players.")] = 160,
    mix: Annotated[str, typer.Option(help="Their mix: benign, mixed, hostile, fakers.")] = "mixed",
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Rounds to play, one after the other.")] = 1,
    seed: SeedOption = 1,
    folder: Annotated[Path, typer.Option("--dir", help="Where everything is kept.")] = Path("demo"),
    serve_after: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Start the game at the end.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """The whole loop on this machine: play, collect, tune, evaluate, play the better model."""
    from stumper.demo import run_demo

    settings = load(data=folder / f"seed-{seed}", campaign="toytown", model="onnx:")
    lines = run_demo(settings, players=players, mix=mix, seed=seed, rounds=rounds, console=err)
    if as_json:
        sys.stdout.writelines(json.dumps(line) + "\n" for line in lines)
    if serve_after:
        _serve(settings)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    campaign: CampaignOption = None,
    model: ModelOption = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Web processes on this port; SIGHUP renews them in turn."),
    ] = None,
    fd: Annotated[
        int | None, typer.Option(min=3, help="Serve on this open socket, not on host and port (systemd: 3).")
    ] = None,
) -> None:
    """Starts the game. In an empty Toytown pictures are drawn meanwhile; the first session waits a moment."""
    _serve(settings(campaign, model, host=host, port=port, processes=processes), fd=fd)


def _serve(settings: Settings, *, fd: int | None = None) -> None:
    from stumper.front.server import run_server

    run_server(settings, say=lambda text: err.print(text, highlight=False, soft_wrap=True), fd=fd)


def simulate(
    players: Annotated[int, typer.Option(min=1, max=100_000, help="How many people.")] = 300,
    mix: Annotated[str, typer.Option(help="benign, mixed, hostile or fakers.")] = "mixed",
    seed: SeedOption = 1,
    campaign: CampaignOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lets simulated people play and vote in the open round of a campaign with Toytown pictures."""
    from stumper.simulate.run import simulate as play

    def show(what: str, done: int, total: int) -> None:
        if not as_json and done % 50 == 0:
            err.print(f"  {done} of {total} {what}" if total else f"  {done} {what}", highlight=False)

    async def work() -> dict[str, int]:
        async with build(settings(campaign)) as app:
            owner, current = await current_campaign(app)
            return await play(
                app,
                campaign=owner,
                current=current,
                players=players,
                mix=mix,
                seed=seed,
                on_progress=show,
            )

    counts = run(work())
    if as_json:
        sys.stdout.write(json.dumps(counts) + "\n")
    else:
        out.print(", ".join(f"{n} {what}" for what, n in counts.items()))


def arena(
    seed: SeedOption = 1,
    sessions: Annotated[int, typer.Option(min=500, max=1_000_000, help="Simulated sessions.")] = 10_000,
    as_json: JsonOption = False,
) -> None:
    """Plays every known way to cheat against the rules; status 1 if honest play or the data fall behind."""
    from stumper.simulate.arena import arena as play
    from stumper.simulate.figures import grids

    figures = play(seed=seed, sessions=sessions)
    passed = all(figure.ok for figure in figures)
    if as_json:
        line = {"ok": passed, "figures": [asdict(figure) for figure in figures]}
        sys.stdout.write(json.dumps(line) + "\n")
    else:
        for grid in grids(figures):
            table = Table(*grid.columns, box=None)
            for row in grid.rows:
                table.add_row(*row)
            out.print(table, "")
    if not passed:
        missed = ", ".join(figure.name for figure in figures if not figure.ok)
        err.print(f"Out of bounds: {missed}", highlight=False, soft_wrap=True)
        raise typer.Exit(1)


def verify_session(
    session_id: Annotated[str, typer.Argument(metavar="SESSION", help="Id of a finished session.")],
) -> None:
    """Checks that a session's coins were drawn before it, and that its answers followed them."""
    from stumper.play.audit import verify

    async def work() -> list[str]:
        async with build(settings()) as app:
            return await verify(app.database, SessionId(session_id))

    faults = run(work())
    for fault in faults:
        err.print(f"  {fault}", highlight=False, soft_wrap=True)
    if faults:
        raise typer.Exit(1)
    out.print("The coins are those of the fingerprint, and every answer followed its coin.")


def work(
    name: Annotated[
        str | None, typer.Option(help="Its name among several; by it it finds its work again.")
    ] = None,
) -> None:
    """Runs a worker: resumes and runs long jobs until it is stopped."""
    from stumper.rounds import run_worker

    run(run_worker(load(worker=name), say=lambda text: err.print(text, highlight=False, soft_wrap=True)))
