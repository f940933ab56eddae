"""The command line: one command a stage, plus demo, serve, work and simulate. No rule lives here.

``stumper --help`` lists the commands; every refusal is one line on standard error with the way out, status 1.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from stumper import __version__, campaigns
from stumper.app import App, build
from stumper.cli_claims import claims
from stumper.cli_insight import insight
from stumper.cli_players import players
from stumper.config import Settings, load
from stumper.errors import StumperError
from stumper.records import Campaign, Round, SessionId

T = TypeVar("T")

cli = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
images = typer.Typer(no_args_is_help=True, help="Pictures: add, draw, verify.")
models = typer.Typer(no_args_is_help=True, help="Opponents: check a reference.")
rounds = typer.Typer(no_args_is_help=True, help="Rounds: list, close.")
releases = typer.Typer(no_args_is_help=True, help="Releases: build, verify.")
toytown = typer.Typer(no_args_is_help=True, help="The embedded world and its tiny model.")
for name, group in (
    ("images", images),
    ("models", models),
    ("round", rounds),
    ("release", releases),
    ("claims", claims),
    ("players", players),
    ("toytown", toytown),
):
    cli.add_typer(group, name=name)
cli.command()(insight)

out = Console()
err = Console(stderr=True)

CampaignOption = Annotated[str | None, typer.Option("--campaign", help="Name of the campaign.")]
SeedOption = Annotated[int, typer.Option(help="The same seed makes the same data.")]
JsonOption = Annotated[bool, typer.Option("--json", help="End with one JSON line on standard output.")]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="Opponent: onnx:, openai:URL#NAME, hf:DIR, scripted:")
]


def main() -> None:
    """Entry point of ``stumper``."""
    try:
        cli(standalone_mode=True)
    except StumperError as error:
        err.print(f"[bold red]Error:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def _settings(campaign: str | None = None, model: str | None = None, **more: Any) -> Settings:
    return load(campaign=campaign, model=model, **more)


async def _campaign(app: App) -> tuple[Campaign, Round]:
    """Returns the settings' campaign, opening it with the settings' model at the first use."""
    async with app.database.begin() as tx:
        campaign = await campaigns.open_campaign(
            tx,
            name=app.settings.campaign,
            model_ref=app.settings.model,
            now=app.clock(),
            rng=random.SystemRandom(),
        )
        return campaign, await campaigns.current_round(tx, campaign.id)


@cli.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if show:
        out.print(__version__)
        raise typer.Exit


@cli.command()
def demo(
    players: Annotated[int, typer.Option(min=20, max=5000, help="Simulated players.")] = 120,
    mix: Annotated[str, typer.Option(help="Their mix: benign, mixed, hostile, fakers.")] = "mixed",
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
    line = run_demo(settings, players=players, mix=mix, seed=seed, console=err)
    if as_json:
        sys.stdout.write(json.dumps(line) + "\n")
    if serve_after:
        _serve(settings)


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    campaign: CampaignOption = None,
    model: ModelOption = None,
) -> None:
    """Starts the game. In an empty Toytown pictures are drawn meanwhile; the first session waits a moment."""
    _serve(_settings(campaign, model, host=host, port=port))


def _serve(settings: Settings) -> None:
    from stumper.front.server import run_server

    run_server(settings, say=lambda text: err.print(text, highlight=False))


@images.command("add")
def images_add(
    path: Annotated[Path, typer.Argument(help="A folder (searched to its end), or a file.")],
    licence: Annotated[
        str,
        typer.Option(help="Licence of the pictures, kept with every example; COCO files may name their own."),
    ] = "",
    source: Annotated[str, typer.Option(help="Where they come from.")] = "",
    coco: Annotated[Path | None, typer.Option(help="COCO instances.json with their annotations.")] = None,
    simple: Annotated[
        bool, typer.Option("--simple", help="All are easy: candidates for controls, to be verified.")
    ] = False,
    campaign: CampaignOption = None,
) -> None:
    """Adds pictures to a campaign's pool; broken or hostile files are named and left out."""
    from stumper.images.coco import add_coco
    from stumper.images.ingest import add_folder
    from stumper.records import ImageKind

    async def work() -> Any:
        async with build(_settings(campaign)) as app:
            owner, _ = await _campaign(app)
            if coco is not None:
                return await add_coco(
                    app.database,
                    app.files,
                    campaign_id=owner.id,
                    instances=coco,
                    folder=path,
                    licence=licence,
                    source=source or "COCO",
                    now=app.clock(),
                )
            return await add_folder(
                app.database,
                app.files,
                campaign_id=owner.id,
                path=path,
                licence=licence,
                source=source or str(path),
                now=app.clock(),
                kind=ImageKind.CANDIDATE if simple else ImageKind.UNTAINTED,
            )

    report = _run(work())
    out.print(f"{report.added} added, {report.known} known already, {len(report.refused)} refused")
    for refusal in report.refused:
        err.print(f"  {refusal.name}: {refusal.reason}", highlight=False, soft_wrap=True)
    if report.refused and not report.added and not report.known:
        raise typer.Exit(1)


@images.command("toytown")
def images_toytown(
    n: Annotated[int, typer.Option("-n", min=2, max=100_000, help="How many pictures to draw.")] = 600,
    seed: SeedOption = 1,
    campaign: CampaignOption = None,
) -> None:
    """Draws Toytown pictures: half easy (candidates for controls), half busy."""
    from stumper.images.toytown import add_toytown

    async def work() -> Any:
        async with build(_settings(campaign)) as app:
            owner, _ = await _campaign(app)
            return await add_toytown(
                app.database, app.files, campaign_id=owner.id, n=n, seed=seed, now=app.clock()
            )

    report = _run(work())
    out.print(f"{report.added} drawn, {report.known} known already")
    out.print("Next: stumper images verify")


@images.command("verify")
def images_verify(
    campaign: CampaignOption = None,
    model: ModelOption = None,
    reference: Annotated[
        str | None, typer.Option(help="Model trusted on pictures of which nothing else is known.")
    ] = None,
) -> None:
    """Lets the opponent answer probe questions on the candidates; those it knows become controls."""
    from stumper.images.probes import known_probes
    from stumper.images.verify import verify, verify_complex

    async def work() -> Any:
        async with build(_settings(campaign, model)) as app:
            owner, current = await _campaign(app)
            opponent = await app.open_model(model or current.model_ref)
            trusted = await app.open_model(reference) if reference else None
            found = await verify(
                app.database,
                app.files,
                opponent,
                campaign_id=owner.id,
                probes=known_probes(reference=trusted),
            )
            return found, await verify_complex(app.database, app.files, opponent, campaign_id=owner.id)

    report, hidden = _run(work())
    out.print(
        f"{report.tainted} verified as controls, {report.refused} refused, {report.undecided} undecided"
    )
    if hidden:
        out.print(f"{hidden} complex pictures can be controls too")
    if report.reason:
        err.print(report.reason, highlight=False, soft_wrap=True)


@models.command("check")
def models_check(ref: Annotated[str, typer.Argument(help="Reference of the model.")]) -> None:
    """Asks one question about a small picture; prints what the model can do and how fast."""
    from stumper.vlm.check import check_model

    found = _run(check_model(ref, secrets=load().model_secrets))
    table = Table(show_header=False, box=None)
    for name, value in asdict(found).items():
        table.add_row(name.replace("_", " "), f"{value:.1f}" if isinstance(value, float) else str(value))
    out.print(table)


@cli.command()
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
        async with build(_settings(campaign)) as app:
            owner, current = await _campaign(app)
            return await play(
                app,
                campaign=owner.name,
                campaign_id=owner.id,
                round_id=current.id,
                players=players,
                mix=mix,
                seed=seed,
                on_progress=show,
            )

    counts = _run(work())
    if as_json:
        sys.stdout.write(json.dumps(counts) + "\n")
    else:
        out.print(", ".join(f"{n} {what}" for what, n in counts.items()))


@cli.command()
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


@releases.command("build")
def release_build(campaign: CampaignOption = None, seed: SeedOption = 1) -> None:
    """Curates the claims of the current round and freezes the accepted ones into a release."""
    from stumper.rounds import Closing

    async def work() -> Any:
        async with build(_settings(campaign)) as app:
            owner, current = await _campaign(app)
            closing = Closing(app, owner, current, seed=seed)
            curated = await closing.curate()
            return await closing.freeze(), curated["audit"]

    made, audit = _run(work())
    if audit:
        out.print(audit)
    out.print(f"Release {made.id} (version {made.version}): {made.examples} examples in {made.path}")


@releases.command("verify")
def release_verify(path: Annotated[Path, typer.Argument(help="Folder of a release.")]) -> None:
    """Checks every file of a release against its manifest."""
    from stumper.release.manifest import verify_release

    manifest = verify_release(path)
    out.print(f"Release {manifest.id}: every file is as it was frozen.")


@cli.command()
def tune(
    release: Annotated[Path, typer.Argument(help="Folder of a release.")],
    base: Annotated[str, typer.Option(help="Model to tune: onnx: or hf:DIR")] = "onnx:",
    target: Annotated[Path, typer.Option("--out", help="Folder of the tuned model.")] = Path("tuned"),
    seed: SeedOption = 1,
) -> None:
    """Tunes a model on a release by LoRA (needs the extra: pip install 'stumper[train]')."""
    from stumper.front.console import StageDisplay
    from stumper.rounds import tune_on

    with StageDisplay({"tune": 200.0}, console=err) as display:
        tuned = tune_on(
            release,
            base_ref=base,
            target=target.resolve(),
            seed=seed,
            on_progress=partial(display.tell, "tune"),
        )
    out.print(f"Tuned model: {tuned.ref}")


@cli.command()
def evaluate(
    release: Annotated[Path, typer.Argument(help="Folder of a release; its test split is asked.")],
    base: Annotated[str, typer.Option(help="The model as it was.")],
    tuned: Annotated[str, typer.Option(help="The model after tuning.")],
    report: Annotated[Path, typer.Option(help="Where the HTML report goes.")] = Path("report.html"),
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Scores base and tuned on held-out pictures: judge by rules, bootstrap intervals, by category."""
    from stumper.rounds import evaluate_on

    work = evaluate_on(
        release,
        base_ref=base,
        tuned_ref=tuned,
        report=report,
        seed=seed,
        secrets=load().model_secrets,
    )
    figures = _run(work)
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        out.print_json(data=figures)
        out.print(f"Report: {report}")


@rounds.command("list")
def round_list() -> None:
    """Lists every campaign's rounds."""

    async def work() -> list[tuple[str, Round]]:
        async with build(_settings()) as app, app.database.read() as tx:
            return await campaigns.list_rounds(tx)

    table = Table("campaign", "round", "opponent", "status")
    for campaign, current in _run(work()):
        table.add_row(campaign, str(current.number), current.model_ref, current.status.value)
    out.print(table)


@rounds.command("close")
def round_close(campaign: CampaignOption = None, seed: SeedOption = 1, as_json: JsonOption = False) -> None:
    """Curates, releases, tunes, evaluates; the tuned model plays the next round if it passes the gate."""
    from stumper.front.console import StageDisplay
    from stumper.rounds import CLOSING_PLAN, close_round

    plan = CLOSING_PLAN

    async def work() -> dict[str, Any]:
        async with build(_settings(campaign)) as app:
            owner, current = await _campaign(app)
            with StageDisplay(plan, console=err) as display:
                return await close_round(app, owner, current, seed=seed, on_progress=display.tell)

    result = _run(work())
    if as_json:
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        out.print_json(data=result)


@cli.command("verify-session")
def verify_session(
    session_id: Annotated[str, typer.Argument(metavar="SESSION", help="Id of a finished session.")],
) -> None:
    """Checks that a session's coins were drawn before it, and that its answers followed them."""
    from stumper.play.audit import verify

    async def work() -> list[str]:
        async with build(_settings()) as app:
            return await verify(app.database, SessionId(session_id))

    faults = _run(work())
    for fault in faults:
        err.print(f"  {fault}", highlight=False, soft_wrap=True)
    if faults:
        raise typer.Exit(1)
    out.print("The coins are those of the fingerprint, and every answer followed its coin.")


@cli.command()
def work() -> None:
    """Runs a worker: resumes and runs long jobs until it is stopped."""
    from stumper.rounds import run_worker

    _run(run_worker(load(), say=lambda text: err.print(text, highlight=False)))


@toytown.command("pretrain")
def toytown_pretrain(
    target: Annotated[Path, typer.Option("--out", help="Folder of the weights.")] = Path("weights"),
    share: Annotated[float, typer.Option(min=0.001, max=3, help="Of the shipped model's steps.")] = 1.0,
    seed: SeedOption = 1,
) -> None:
    """Trains the tiny model from scratch (needs the extra: pip install 'stumper[train]')."""
    from stumper.toytown import pretrain

    pretrain.main(out=target, share=share, seed=seed)


@toytown.command("gates")
def toytown_gates(
    ref: Annotated[str, typer.Argument(help="Model to examine.")] = "onnx:",
    n: Annotated[int, typer.Option(min=10, max=5000, help="Questions a skill.")] = 250,
    seed: SeedOption = 1,
) -> None:
    """Measures what a model knows of Toytown: known skills, the swap test, withheld skills, guess rates."""
    from stumper.toytown import gates

    sys.stdout.write(json.dumps(_run(gates.main(ref=ref, n=n, seed=seed))) + "\n")


@toytown.command("draw")
def toytown_draw(
    target: Annotated[Path, typer.Argument(help="Where the PNG goes.")] = Path("toytown.png"),
    seed: SeedOption = 1,
    style: Annotated[str, typer.Option(help="simple, complex or mixed.")] = "complex",
    size_px: Annotated[int, typer.Option("--size", min=96, max=2048)] = 640,
) -> None:
    """Draws one scene and prints what is true of it as JSON."""
    from stumper.toytown.draw import draw
    from stumper.toytown.sample import sample_scene

    scene = sample_scene(seed, style=style)
    draw(scene, size_px).save(target)
    sys.stdout.write(json.dumps(scene.to_json()) + "\n")
