"""Commands about models: opponents, and the shipped one with its world. No rule lives here."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from stumper.cli.shared import (
    SeedOption,
    out,
    run,
)
from stumper.config import load

models = typer.Typer(no_args_is_help=True, help="Opponents: check a reference.")
toytown = typer.Typer(no_args_is_help=True, help="The embedded world and its tiny model.")


@models.command("check")
def models_check(ref: Annotated[str, typer.Argument(help="Reference of the model.")]) -> None:
    """Asks one question about a small picture; prints what the model can do and how fast."""
    from stumper.vlm.check import check_model

    found = run(check_model(ref, secrets=load().model_secrets))
    table = Table(show_header=False, box=None)
    for name, value in asdict(found).items():
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
