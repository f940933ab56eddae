"""Commands that compare data, and models, by tuning many times. No rule lives here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stumper.app import build
from stumper.cli.forget import refuse_withdrawn
from stumper.cli.shared import CampaignOption, JsonOption, SeedOption, err, out, run, settings
from stumper.config import load
from stumper.errors import BadInput

if TYPE_CHECKING:
    from rich.table import Table

    from stumper.evaluate.metrics import Interval
    from stumper.experiment.arms import Arm
    from stumper.experiment.controls import Controls
    from stumper.experiment.matrix import Matrix

experiment = typer.Typer(no_args_is_help=True, help="Experiments: controls, matrix.")

SeedsOption = Annotated[str, typer.Option(help="Each tunes anew: 1,2,3.")]
RecipeOption = Annotated[str | None, typer.Option(help="Of all runs; else what fits each checkpoint.")]
PassesOption = Annotated[int | None, typer.Option(min=1, help="Over the pairs, instead of the recipe's.")]
BatchOption = Annotated[int | None, typer.Option(min=1, help="Pairs at once; updates stay as large.")]
RemoteOption = Annotated[
    bool, typer.Option("--trust-remote-code", help="Let Python run that lies beside the weights.")
]


@experiment.command("controls")
def controls(
    data: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Data folder of the campaign, else the setting's."),
    ] = None,
    campaign: CampaignOption = None,
    release: Annotated[str | None, typer.Option(help="Id of a release of it; else its newest.")] = None,
    base: Annotated[str, typer.Option("--base", "--model", help="Model to tune: onnx: or hf:DIR.")] = "onnx:",
    arms: Annotated[
        str | None, typer.Option(help="Of collected,ordinary,unvalidated,random,balanced; else all.")
    ] = None,
    seeds: SeedsOption = "1,2,3",
    sizes: Annotated[
        str | None,
        typer.Option(help="Pairs, such as 50,100,200,400: all arms at the last, two at the others."),
    ] = None,
    recipe: RecipeOption = None,
    passes: PassesOption = None,
    batch: BatchOption = None,
    remote_code: RemoteOption = False,
    folder: Annotated[Path, typer.Option("--out", help="Folder of runs and results.")] = Path("controls"),
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Tunes a model on as many pairs of five kinds: are adversarial data worth more than ordinary ones?"""
    from stumper.experiment.arms import Arm
    from stumper.experiment.controls import run_controls
    from stumper.experiment.page import write_controls
    from stumper.experiment.study import Choice, prepare_controls, seconds
    from stumper.experiment.tuner import RecipeTuner
    from stumper.front.console import StageDisplay

    tuner = RecipeTuner(recipe=recipe, passes=passes, batch=batch, remote_code=remote_code)
    model = _reference(base)
    tuner.recipe_of(model)  # what is wrong with it is said before anything is read
    choice = Choice(out=folder, tuner=tuner, seeds=_numbers(seeds, "--seeds"), seed=seed)
    chosen = _arms(arms) if arms else list(Arm)

    async def work() -> tuple[Controls, dict[str, Any]]:
        async with build(settings(campaign, data=data)) as app:
            bench, plan, about = await prepare_controls(
                app,
                choice,
                release=release,
                base=model,
                arms=chosen,
                sizes=_numbers(sizes, "--sizes") if sizes else None,
            )
            with StageDisplay(seconds(bench, ["base"], plan.runs.values()), console=err) as display:
                found = await run_controls(bench, plan, base=model, seed=seed, on_progress=display.tell)
        write_controls(folder, found, about)
        return found, {**about.to_json(), **found.to_json()}

    found, figures = run(work())
    if as_json:
        sys.stdout.write(json.dumps(figures, allow_nan=False) + "\n")
    else:
        _show_controls(found)
        _told([*found.verdicts, f"Page: {folder / 'experiment.html'}"])


@experiment.command("matrix")
def matrix(
    releases: Annotated[
        list[Path], typer.Option("--release", help="Folder of a release; repeat it, one a model played.")
    ],
    models: Annotated[list[str], typer.Option("--model", help="Model to tune: onnx: or hf:DIR; repeat it.")],
    seeds: SeedsOption = "1",
    pairs: Annotated[
        int | None, typer.Option(min=1, help="Training pairs of each release, drawn at random; else all.")
    ] = None,
    recipe: RecipeOption = None,
    passes: PassesOption = None,
    batch: BatchOption = None,
    remote_code: RemoteOption = False,
    folder: Annotated[Path, typer.Option("--out", help="Folder of runs and results.")] = Path("matrix"),
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Tunes every model on every release: does what stumped one model help another?"""
    from stumper.experiment.matrix import run_matrix
    from stumper.experiment.page import write_matrix
    from stumper.experiment.study import Choice, prepare_matrix, seconds
    from stumper.experiment.tuner import RecipeTuner
    from stumper.front.console import StageDisplay

    tuner = RecipeTuner(recipe=recipe, passes=passes, batch=batch, remote_code=remote_code)
    refs = list(dict.fromkeys(_reference(model) for model in models))
    recipes = {ref: tuner.told(ref) for ref in refs}
    for path in releases:
        refuse_withdrawn(path, allowed=False)
    choice = Choice(out=folder, tuner=tuner, seeds=_numbers(seeds, "--seeds"), seed=seed)

    async def work() -> Matrix:
        bench, played, runs = await prepare_matrix(
            releases, choice, models=refs, pairs=pairs, secrets=load().model_secrets
        )
        bases = [f"base {place}" for place, _ in enumerate(refs, start=1)]
        with StageDisplay(seconds(bench, bases, runs.values()), console=err) as display:
            found = await run_matrix(bench, played, runs, seed=seed, on_progress=display.tell)
        write_matrix(folder, found, recipes)
        return found

    found = run(work())
    if as_json:
        sys.stdout.write(json.dumps({"recipes": recipes, **found.to_json()}, allow_nan=False) + "\n")
    else:
        _show_matrix(found)
        _told([f"Page: {folder / 'experiment.html'}"])


def _reference(model: str) -> str:
    return model if ":" in model else f"hf:{model}"


def _numbers(text: str, option: str) -> list[int]:
    """Reads 1,2,3. Raises BadInput for anything else."""
    try:
        return list(dict.fromkeys(int(part) for part in text.replace(",", " ").split())) or [int(text)]
    except ValueError as error:
        raise BadInput(f"{option} {text!r} are no whole numbers. Write them as 1,2,3.") from error


def _arms(text: str) -> list[Arm]:
    from stumper.experiment.arms import Arm

    try:
        return list(dict.fromkeys(Arm(part) for part in text.replace(",", " ").split())) or [Arm(text)]
    except ValueError as error:
        raise BadInput(f"--arms {text!r}: {error}. There are {', '.join(Arm)}.") from error


def _table(*heads: str) -> Table:
    from rich.table import Table

    drawn = Table(heads[0], box=None, padding=(0, 2, 0, 0))
    for head in heads[1:]:
        drawn.add_column(head, justify="right")
    return drawn


def _show_controls(found: Controls) -> None:
    """One table a test."""
    from stumper.experiment.exam import WHAT

    for test in dict.fromkeys(name for cell in found.cells for name in cell.tests):
        first = found.cells[0].tests[test]
        out.print(f"\n[bold]{test}[/]: {WHAT[test]}", highlight=False)
        out.print(f"before {first.before:.3f}, guessing {first.guess:.3f}", highlight=False)
        drawn = _table("arm", "pairs", "after", "gain", "gain per 100 pairs")
        for cell in found.cells:
            one = cell.tests[test]
            after = f"{one.after.mean:.3f}"
            drawn.add_row(str(cell.arm), str(cell.pairs), after, _span(one.gain), _span(one.per_100))
        out.print(drawn)
    _told([f"{arm} is left out: {why}." for arm, why in found.left_out.items()])
    _told([f"{name} is missing: {why}" for name, why in found.missing.items()])


def _show_matrix(found: Matrix) -> None:
    """One row a played and a tuned model, one column a test."""
    drawn = _table("played", "tuned", *(f"gain on {one.name}" for one in found.releases))
    for one in found.releases:
        for model in found.models:
            cells = [found.at(played=one.id, tuned=model, test=asked.id) for asked in found.releases]
            told = (_span(cell.figures.gain) if cell.figures else "missing" for cell in cells)
            drawn.add_row(one.name, model, *told)
    out.print(drawn)
    _told([f"{name} is missing: {why}" for name, why in found.missing.items()])


def _span(interval: Interval) -> str:
    """'+0.12 +0.08..+0.15': square brackets would be rich's."""
    if not interval.n:
        return "missing"
    return f"{interval.mean:+.3f} {interval.low:+.3f}..{interval.high:+.3f}"


def _told(lines: list[str]) -> None:
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
