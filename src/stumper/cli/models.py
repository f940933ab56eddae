"""Commands about models: opponents, and the shipped one with its world. No rule lives here."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from stumper.cli import serving
from stumper.cli.serving import MayDifferOption, PicturesOption, ReleaseOption
from stumper.cli.shared import JsonOption, SeedOption, out, run
from stumper.config import load

models = typer.Typer(no_args_is_help=True, help="Opponents: check a reference, compare two, export.")
models.command("export")(serving.export)
toytown = typer.Typer(no_args_is_help=True, help="The embedded world and its tiny model.")


@models.command("check")
def models_check(
    ref: Annotated[str, typer.Argument(help="Reference of the model.")],
    other: Annotated[str | None, typer.Argument(help="A second one: do the two say the same?")] = None,
    pictures: PicturesOption = 100,
    release: ReleaseOption = None,
    may_differ: MayDifferOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Asks one question about a small picture; prints what the model can do and how fast.

    With a second model both are asked the same questions; status 1 if an answer differs.
    """
    if other is not None:
        found = serving.compared(ref, other, pictures=pictures, release=release)
        if as_json:
            sys.stdout.write(json.dumps(found.to_json()) + "\n")
        else:
            serving.tell(found)
        serving.end_unless_alike([found], may_differ=may_differ)
        return
    from stumper.vlm.check import check_model

    told = asdict(run(check_model(ref, secrets=load().model_secrets)))
    if as_json:
        sys.stdout.write(json.dumps(told) + "\n")
        return
    table = Table(show_header=False, box=None)
    for name, value in told.items():
        table.add_row(name.replace("_", " "), f"{value:.1f}" if isinstance(value, float) else str(value))
    out.print(table)


@toytown.command("pretrain")
def toytown_pretrain(
    target: Annotated[Path, typer.Option("--out", help="Folder of the weights.")] = Path("weights"),
    share: Annotated[float, typer.Option(min=0.001, max=3, help="Of the shipped model's steps.")] = 1.0,
    seed: SeedOption = 1,
) -> None:
    """Trains the tiny model from scratch (needs the extra "train")."""
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

    sys.stdout.write(json.dumps(run(gates.main(ref=ref, n=n, seed=seed))) + "\n")


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
